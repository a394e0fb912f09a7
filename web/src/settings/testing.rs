use axum::extract::{Path, State};
use axum::response::Redirect;
use commands::{CommandError, IfMatch};
use domain::{ConnectionName, ProviderKey};

use super::connection::Integration;
use super::{done, named, place, say};
use crate::error::{Failure, sentence};
use crate::form::Form;
use crate::session::{AccountAdmin, Notice, Tone};
use crate::site::Site;
use crate::verdict::Words;

/// Tests the key of a connection: the one that waits for its verdict, else the one in use.
pub(super) async fn test(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path((provider, connection)): Path<(String, String)>,
    form: Form,
) -> Result<Redirect, Failure> {
    let (provider, connection): (ProviderKey, ConnectionName) = (named(&provider)?, named(&connection)?);
    let integration = Integration::find(&site, &account, &provider).await?;
    let ctx = form.context(&site, &viewer);
    let to = place(&provider);
    let tested = site
        .commands
        .test_connection(ctx, account, provider, connection, IfMatch::Any)
        .await;
    match tested {
        Ok(receipt) => {
            let said = Words::of(&integration.view.name, &receipt.value);
            Ok(done(&site, &viewer, receipt.position, said.notice(), &to).await)
        }
        // It was taken back since the page was read.
        Err(CommandError::Rejected { message, .. }) => {
            let notice = Notice {
                tone: Tone::Bad,
                text: sentence(&message),
            };
            Ok(say(&site, &viewer, notice, &to))
        }
        Err(error) => Err(error.into()),
    }
}
