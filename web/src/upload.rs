use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use domain::Sha256Digest;
use futures::StreamExt;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::form::{self, Arrival, BROKEN, Form, PATIENCE, TOO_SLOW};
use crate::site::Site;

/// So much is kept of a file at most: more than a logo may have.
const KEPT_OF_FILE: usize = 512 * 1024 + 1;

/// The most bytes that such a form may have on the wire: a picture as a camera makes it is answered beside its field, with
/// all that was typed. What is beyond what is kept is read and dropped.
pub(crate) const MOST_SENT: usize = 8 * 1024 * 1024;

const TOO_LARGE: Failure = Failure::TooLarge(
    "The form and its file are larger than 8 MiB, and nothing was saved. Go back and choose a smaller file: a logo may have \
     512 KiB.",
);

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
        if form::announced(&request) > MOST_SENT {
            timeout(PATIENCE, heard_out(request)).await.map_err(|_| TOO_SLOW)?;
            return Err(TOO_LARGE);
        }
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
        let (mut pairs, mut file, mut length) = (Vec::new(), None, 0_usize);
        // The parts and not the body: what stands between them is another at every sending.
        let mut content = Vec::new();
        while let Some(mut part) = parts.next_field().await.map_err(|error| unread(&error))? {
            let name = part.name().unwrap_or_default().to_owned();
            let is_file = part.file_name().is_some();
            let mut bytes = Vec::new();
            while let Some(chunk) = part.chunk().await.map_err(|error| unread(&error))? {
                // Of a file that is too large so much is kept that whoever decodes it says so, beside its field.
                let room = if is_file {
                    KEPT_OF_FILE - bytes.len()
                } else {
                    form::MOST.saturating_sub(length)
                };
                bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
                length += if is_file { 0 } else { chunk.len() };
            }
            length += name.len();
            if length > form::MOST {
                // The rest is read as well: only then the browser shows what is said of it.
                continue;
            }
            content.extend_from_slice(Sha256Digest::of(name.as_bytes()).to_string().as_bytes());
            content.extend_from_slice(Sha256Digest::of(&bytes).to_string().as_bytes());
            if !is_file {
                let text = String::from_utf8(bytes).map_err(|_| BROKEN)?;
                pairs.push((name, Zeroizing::new(text)));
            } else if !bytes.is_empty() {
                file = Some(bytes);
            }
        }
        if length > form::MOST {
            return Err(form::TOO_LARGE);
        }
        let form = Form::of_pairs(pairs, arrival, Sha256Digest::of(&content))?;
        Ok(Self { form, file })
    }
}

/// Reads what is not kept, until so much has come that nobody waits for an answer.
async fn heard_out(request: Request) {
    let mut chunks = request.into_body().into_data_stream();
    let mut sent = 0_usize;
    while let Some(Ok(chunk)) = chunks.next().await {
        sent = sent.saturating_add(chunk.len());
        if sent > form::HEARD_OUT {
            break;
        }
    }
}

fn unread(error: &MultipartError) -> Failure {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        TOO_LARGE
    } else {
        BROKEN
    }
}
