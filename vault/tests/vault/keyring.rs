//! The key ring: made once, and after that the vault opens with the right one or not at all.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use domain::KekId;
use vault::keyring::{KeyProvider, KeyRing, KeyringError};
use vault::{Vault, VaultError};

use crate::support::{Place, context, mode, open_key, seal};

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let place = Place::new();
    let vault = place.open().await;
    seal(&vault, &context("acme", 1, 1), "key").await.unwrap();

    assert_eq!(mode(&place.paths.keyring), 0o400);
    for file in [
        "vault.db",
        "vault.db-wal",
        "vault.db-shm",
        "keystore.db",
        "keystore.db-wal",
        "keystore.db-shm",
    ] {
        assert_eq!(mode(&place.folder.path().join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_missing_key_ring_is_not_made_anew_when_the_keystore_holds_keys() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "key").await.unwrap();
        vault.close().await;
        let aside = place.folder.path().join("aside");
        fs::rename(&place.paths.keyring, &aside).unwrap();

        let message = place.refused().await;
        assert!(
            message.contains("is missing") && message.contains("from its backup"),
            "{message}"
        );
        assert!(!place.paths.keyring.exists());

        fs::rename(&aside, &place.paths.keyring).unwrap();
        assert_eq!(open_key(&place.open().await, &ctx, &sealed).await.unwrap(), "key");
    }
}

#[tokio::test]
async fn the_key_ring_of_another_installation_is_refused() {
    for place in Place::each() {
        let other = place.another();
        place.open().await.close().await;
        other.open().await.close().await;
        fs::rename(&other.paths.keyring, &place.paths.keyring).unwrap();

        let message = place.refused().await;
        assert!(
            message.contains("not the key that this keystore was written with"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_key_ring_that_others_may_read_is_refused() {
    for place in Place::each() {
        place.open().await.close().await;
        for open_to in [0o440, 0o404, 0o420, 0o644] {
            fs::set_permissions(&place.paths.keyring, Permissions::from_mode(open_to)).unwrap();
            let message = place.refused().await;
            assert!(
                message.contains("chmod 0400") && message.contains(&format!("{open_to:04o}")),
                "{message}"
            );
        }
        fs::set_permissions(&place.paths.keyring, Permissions::from_mode(0o600)).unwrap();
        place.open().await;
    }
}

#[tokio::test]
async fn a_damaged_key_ring_is_refused_without_showing_what_is_in_it() {
    for place in Place::each() {
        place.open().await.close().await;
        let whole = fs::read_to_string(&place.paths.keyring).unwrap();
        let digits = whole.trim_end().rsplit(' ').next().unwrap().to_owned();
        let damages = [
            String::new(),
            "soconnective-keyring 1\n".to_owned(),
            whole.trim_end().to_owned(),
            whole.replace("keyring 1", "keyring 2"),
            whole.replace("kek 1", "kek 0"),
            whole.replace("kek 1", "kek 01"),
            whole.replace("kek 1", "kek"),
            whole.replacen(&digits[..1], "g", 1),
            whole.replace(&digits, &digits[..126]),
            whole.replace(
                &digits,
                &digits.to_uppercase().replace(|digit: char| digit.is_ascii_digit(), "A"),
            ),
            format!("{whole}kek 1 {digits}\n"),
            format!("{whole}\n"),
            "x".repeat(100_000),
        ];
        for damage in damages {
            fs::remove_file(&place.paths.keyring).unwrap();
            fs::write(&place.paths.keyring, &damage).unwrap();
            fs::set_permissions(&place.paths.keyring, Permissions::from_mode(0o400)).unwrap();
            let message = place.refused().await;
            assert!(message.contains("is not a key ring, or is damaged"), "{message}");
            assert!(!message.contains(&digits[..16]), "{message}");
        }
    }
}

#[tokio::test]
async fn a_changed_digit_in_the_key_ring_is_noticed_at_the_start() {
    for place in Place::each() {
        place.open().await.close().await;
        let whole = fs::read_to_string(&place.paths.keyring).unwrap();
        let last = whole.trim_end().chars().next_back().unwrap();
        let other = if last == '0' { '1' } else { '0' };
        fs::remove_file(&place.paths.keyring).unwrap();
        fs::write(&place.paths.keyring, format!("{}{other}\n", &whole[..whole.len() - 2])).unwrap();
        fs::set_permissions(&place.paths.keyring, Permissions::from_mode(0o400)).unwrap();

        let message = place.refused().await;
        assert!(
            message.contains("not the key that this keystore was written with"),
            "{message}"
        );
    }
}

/// A place that hands keys out and takes none: a secret manager, say.
struct Elsewhere(Vec<(KekId, [u8; 64])>);

impl KeyProvider for Elsewhere {
    fn load(&self) -> Result<Option<KeyRing>, KeyringError> {
        let mut ring = KeyRing::default();
        assert!(self.0.iter().all(|(id, key)| ring.insert(*id, key)));
        Ok(Some(ring))
    }

    fn add(&self, _above: KekId) -> Result<KekId, KeyringError> {
        Err(KeyringError::ReadOnly { place: self.place() })
    }

    fn remove(&self, _id: KekId) -> Result<(), KeyringError> {
        Err(KeyringError::ReadOnly { place: self.place() })
    }

    fn place(&self) -> String {
        "the secret manager".to_owned()
    }
}

#[tokio::test]
async fn keys_may_come_from_elsewhere_and_are_checked_all_the_same() {
    for place in Place::each() {
        let open = async |keys: &[(u32, u8)]| {
            let keys = keys.iter().map(|(id, byte)| (KekId(*id), [*byte; 64])).collect();
            Vault::connect(&place.stores(), Arc::new(Elsewhere(keys))).await
        };
        let ctx = context("acme", 1, 1);
        let vault = open(&[(7, 1)]).await.unwrap();
        let sealed = seal(&vault, &ctx, "key").await.unwrap();
        assert!(matches!(
            vault.add_kek().await,
            Err(VaultError::Keyring(KeyringError::ReadOnly { .. }))
        ));
        vault.close().await;

        let wrong = open(&[(7, 2)]).await;
        assert!(matches!(
            wrong,
            Err(VaultError::Keyring(KeyringError::Wrong { kek: KekId(7), .. }))
        ));
        let unknown = open(&[(8, 1)]).await;
        assert!(matches!(
            unknown,
            Err(VaultError::Keyring(KeyringError::Unknown { kek: KekId(7), .. }))
        ));

        // A key that was added there is known from the next start on, and can be promoted.
        let vault = open(&[(7, 1), (9, 3)]).await.unwrap();
        vault.promote_kek(KekId(9)).await.unwrap();
        assert_eq!(vault.rewrap_batch(10).await.unwrap().remaining, 0);
        vault.close().await;
        let vault = open(&[(9, 3)]).await.unwrap();
        assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "key");
    }
}

#[tokio::test]
async fn a_closed_vault_refuses_and_does_not_hang() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "key").await.unwrap();
        vault.close().await;
        vault.close().await;
        assert!(seal(&vault, &ctx, "key").await.is_err());
        assert!(matches!(
            vault.make_live(&ctx, sealed.dek).await,
            Err(VaultError::Stopped(_))
        ));
        assert!(!place.file("vault.db-wal").exists());
    }
}

/// SQLite's locks are gone when any descriptor of the file in the process is closed: opening the vault beside another
/// one must not open and close the files.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_second_vault_in_one_process_leaves_the_locks_of_the_first_alone() {
    use std::os::unix::fs::MetadataExt;

    let locked = |path: &std::path::Path| {
        let inode = format!(":{} ", fs::metadata(path).unwrap().ino());
        let locks = fs::read_to_string("/proc/locks").unwrap();
        locks
            .lines()
            .any(|lock| lock.contains("POSIX") && lock.contains(&inode))
    };
    let place = Place::new();
    let first = place.open().await;
    assert!(locked(&place.paths.vault) && locked(&place.paths.keystore));

    let second = place.open().await;

    assert!(locked(&place.paths.vault) && locked(&place.paths.keystore));
    drop((first, second));
}
