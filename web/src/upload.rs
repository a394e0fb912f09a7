use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use domain::Sha256Digest;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::form::{Arrival, BROKEN, Form, PATIENCE, TOO_SLOW};
use crate::site::Site;

/// The most bytes that are kept of a form with a file: a logo, and the texts of a row beside it.
const MOST: usize = 2 * 1024 * 1024;

/// So much is kept of a file at most: more than a logo may have.
const KEPT_OF_FILE: usize = 512 * 1024 + 1;

/// The most bytes that such a form may have on the wire. What is beyond what is kept is read and dropped.
pub(crate) const MOST_SENT: usize = 32 * 1024 * 1024;

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
        let (head, body) = request.into_parts();
        let arrival = Arrival::of(&head, site).await?;
        let request = Request::from_parts(head, body);
        let mut parts = Multipart::from_request(request, site)
            .await
            .map_err(|_| Failure::BadForm("It is not of the kind that browsers send"))?;
        timeout(PATIENCE, Self::collected(&mut parts, arrival))
            .await
            .map_err(|_| TOO_SLOW)?
    }
}

impl Upload {
    async fn collected(parts: &mut Multipart, arrival: Arrival) -> Result<Self, Failure> {
        let (mut pairs, mut file, mut length) = (Vec::new(), None, 0);
        // The parts and not the body: what stands between them is another at every sending.
        let mut content = Vec::new();
        while let Some(mut part) = parts.next_field().await.map_err(|_| BROKEN)? {
            let name = part.name().unwrap_or_default().to_owned();
            let is_file = part.file_name().is_some();
            let mut bytes = Vec::new();
            while let Some(chunk) = part.chunk().await.map_err(|_| BROKEN)? {
                // Of a file that is too large so much is kept that whoever decodes it says so, beside its field.
                let room = if is_file {
                    KEPT_OF_FILE - bytes.len()
                } else {
                    chunk.len()
                };
                bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if length + bytes.len() > MOST {
                    return Err(Failure::BadForm("It is larger than 2 MiB"));
                }
            }
            length += name.len() + bytes.len();
            content.extend_from_slice(Sha256Digest::of(name.as_bytes()).to_string().as_bytes());
            content.extend_from_slice(Sha256Digest::of(&bytes).to_string().as_bytes());
            if !is_file {
                let text = String::from_utf8(bytes).map_err(|_| BROKEN)?;
                pairs.push((name, Zeroizing::new(text)));
            } else if !bytes.is_empty() {
                file = Some(bytes);
            }
        }
        let form = Form::of_pairs(pairs, arrival, Sha256Digest::of(&content))?;
        Ok(Self { form, file })
    }
}
