use chrono::{DateTime, Utc};
use domain::token::{AccountScope, Role, Token, TokenCommand, TokenIssued};
use domain::{AccountId, Aggregate, Refusal, Sha256Digest, TokenId};

use crate::execute::{Executed, Freshness};
use crate::{CommandError, Context, Receipt, Recorder};

/// A token that was made outside: this side sees its digest, and never its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// The digest of its text.
    pub sha256: Sha256Digest,
    /// What it may do.
    pub role: Role,
    /// For which accounts.
    pub accounts: AccountScope,
    /// After this it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token that was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedToken {
    /// Its id, by which it is revoked.
    pub id: TokenId,
    /// The digest of the token that was issued under this id. When a command is replayed it is the first one's: a text
    /// that was made for the replay is not the token.
    pub sha256: Sha256Digest,
}

impl Recorder {
    /// Issues a token. Its id follows from the command's.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] at `/name`, `/account`, `/accounts`, `/accounts/<index>` in their order for an account that
    /// is unknown or closed, or `/expires_at`.
    pub async fn issue_token(&self, ctx: Context, token: NewToken) -> Result<Receipt<IssuedToken>, CommandError> {
        self.to_the_end(|this| async move {
            let id = TokenId::new(ctx.command.step("token").uuid());
            let executed = if let Some(earlier) = this.earlier::<Token>(&id, &ctx).await? {
                earlier
            } else {
                this.check_scope(&token.accounts).await?;
                this.issue(id, &ctx, token).await?
            };
            match &executed.after.state {
                Token::Issued(token) => Ok(executed.receipt(IssuedToken {
                    id,
                    sha256: token.sha256,
                })),
                Token::Absent | Token::Revoked => Err(CommandError::NotFound("token")),
            }
        })
        .await
    }

    /// Revokes a token. One that is revoked stays so.
    ///
    /// # Errors
    /// [`CommandError::NotFound`].
    pub async fn revoke_token(&self, ctx: Context, id: TokenId) -> Result<Receipt<()>, CommandError> {
        self.to_the_end(|this| async move {
            let loaded = this.load::<Token>(&Token::stream(&id), Freshness::Cached).await?;
            let account = match &loaded.state {
                Token::Issued(token) => single(&token.accounts),
                Token::Absent | Token::Revoked => None,
            };
            let stream = Token::stream(&id);
            let revoked = this
                .execute_for::<Token>(&stream, &ctx, account, |loaded| {
                    Ok(loaded.state.decide(TokenCommand::Revoke)?)
                })
                .await?;
            Ok(revoked.receipt(()))
        })
        .await
    }

    /// Whether a token was issued and not revoked, as its stream says now: for whoever cannot rely on a read model.
    ///
    /// # Errors
    /// [`CommandError::Unavailable`] when the log cannot be read.
    pub async fn token_stands(&self, id: TokenId) -> Result<bool, CommandError> {
        let loaded = self.load::<Token>(&Token::stream(&id), Freshness::Fresh).await?;
        Ok(matches!(loaded.state, Token::Issued(_)))
    }

    async fn issue(&self, id: TokenId, ctx: &Context, token: NewToken) -> Result<Executed<Token>, CommandError> {
        let account = single(&token.accounts);
        let token = TokenIssued {
            name: token.name,
            sha256: token.sha256,
            role: token.role,
            accounts: token.accounts,
            expires_at: token.expires_at,
        };
        let now = self.now();
        self.execute_for::<Token>(&Token::stream(&id), ctx, account, |loaded| {
            let token = token.clone();
            Ok(loaded.state.decide(TokenCommand::Issue { token, now })?)
        })
        .await
    }

    /// A token is for accounts that are open: for one that was closed it would never be good for anything.
    async fn check_scope(&self, scope: &AccountScope) -> Result<(), CommandError> {
        let AccountScope::Only(accounts) = scope else {
            return Ok(());
        };
        for (index, account) in accounts.iter().enumerate() {
            if let Err(refusal) = self.load_account(account).await?.state.open() {
                let place = format!("/accounts/{index}");
                return Err(CommandError::invalid(place, refusal.code(), refusal.to_string()));
            }
        }
        Ok(())
    }
}

/// The account that a token belongs to, when it is good for exactly one.
fn single(scope: &AccountScope) -> Option<AccountId> {
    match scope {
        AccountScope::Only(accounts) if accounts.len() == 1 => accounts.first().cloned(),
        AccountScope::Only(_) | AccountScope::All => None,
    }
}
