use zeroize::Zeroizing;

/// Plaintext bytes: the whole capacity is wiped on drop, and nothing prints them.
///
/// The buffer must never grow, because growing leaves a copy behind that nobody wipes: it is made of its final size.
pub(crate) struct Plain(Zeroizing<Vec<u8>>);

impl Plain {
    /// An empty buffer for `capacity` bytes.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    /// A buffer whose content is to become plaintext, by decryption in place or by reading a file.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The buffer, to be filled within its capacity.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}
