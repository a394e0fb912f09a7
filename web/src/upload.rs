use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use domain::Sha256Digest;
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::form::{Arrival, Form};
use crate::site::Site;

/// The most bytes that a form with a file may have: a logo, and the texts of a row beside it.
const MOST: usize = 1024 * 1024;

/// A form that may bring a file (`multipart/form-data`, RFC 7578). Without one it may come as any form does.
pub(crate) struct Upload {
    /// Its texts.
    pub(crate) form: Form,
    /// The file, when one was chosen.
    pub(crate) file: Option<Vec<u8>>,
}

impl FromRequest<Site> for Upload {
    type Rejection = Failure;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let has_parts = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
        if !has_parts {
            let form = Form::from_request(request, site).await?;
            return Ok(Self { form, file: None });
        }
        let arrival = Arrival::of(&request, site);
        let mut parts = Multipart::from_request(request, site)
            .await
            .map_err(|_| Failure::BadForm("It is not of the kind that browsers send"))?;
        let (mut pairs, mut file, mut length) = (Vec::new(), None, 0);
        // The parts and not the body: what stands between them is another at every sending.
        let mut content = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(|_| BROKEN)? {
            let name = part.name().unwrap_or_default().to_owned();
            let is_file = part.file_name().is_some();
            let bytes = part.bytes().await.map_err(|_| BROKEN)?;
            length += name.len() + bytes.len();
            if length > MOST {
                return Err(Failure::BadForm("It is larger than 1 MiB; choose a smaller file"));
            }
            content.extend_from_slice(Sha256Digest::of(name.as_bytes()).to_string().as_bytes());
            content.extend_from_slice(Sha256Digest::of(&bytes).to_string().as_bytes());
            if !is_file {
                let text = String::from_utf8(bytes.into()).map_err(|_| BROKEN)?;
                pairs.push((name, Zeroizing::new(text)));
            } else if !bytes.is_empty() {
                file = Some(bytes.into());
            }
        }
        let form = Form::of_pairs(pairs, arrival, Sha256Digest::of(&content));
        Ok(Self { form, file })
    }
}

const BROKEN: Failure = Failure::BadForm("It did not arrive whole");
