use domain::RequestDigest;
use hmac::Mac;

use crate::{Vault, expose};

impl Vault {
    /// A keyed digest of a request, by which it is recognised when it comes again; without the key nobody can try out
    /// which secret was in it. The formula is in [`crate::format`].
    #[expect(
        clippy::unused_async,
        reason = "part of the port: a key held elsewhere would have to be asked for"
    )]
    pub async fn request_digest(&self, request: &[u8]) -> RequestDigest {
        let mut mac = expose::mac(&self.digest_key);
        mac.update(request);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let mut half = [0; 16];
        half.copy_from_slice(&whole[..16]);
        RequestDigest::new(half)
    }
}
