use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ProviderKey;
use domain::provider::ProviderRow;
use domain::recipe::Renderer;
use lru::LruCache;

/// How many rows are kept taken apart. A row that is forgotten is taken apart again.
const KEPT: NonZeroUsize = NonZeroUsize::new(500).unwrap();

/// The rows by which requests were rendered lately, taken apart. They hold nothing of any account.
pub(crate) struct Renderers(Mutex<LruCache<ProviderKey, Kept>>);

/// A row, and what was made of it.
struct Kept {
    row: Arc<ProviderRow>,
    renderer: Arc<Renderer>,
}

impl Renderers {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }

    /// The renderer of just this row: one that was revised is another one.
    pub(crate) fn of(&self, row: &Arc<ProviderRow>) -> Arc<Renderer> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = lock().get(&row.key)
            && Arc::ptr_eq(&kept.row, row)
        {
            return Arc::clone(&kept.renderer);
        }
        // Outside of the lock: the patterns of a row take a while to compile.
        let renderer = Arc::new(Renderer::of(row));
        let kept = Kept {
            row: Arc::clone(row),
            renderer: Arc::clone(&renderer),
        };
        lock().put(row.key.clone(), kept);
        renderer
    }
}

#[cfg(test)]
mod tests {
    use domain::recipe::FieldValues;
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;

    fn row(base_url: &str) -> Arc<ProviderRow> {
        let row = json!({
            "key": "mailer", "name": "Mailer", "category": "Mail", "description": "Sends mail.", "auth": "api_key",
            "help": {"url": "https://www.example.com/help", "instructions": "Make a key."},
            "recipe": {"request": {"base_url": base_url, "auth": {"bearer": "{api_key}"}}},
        });
        Arc::new(serde_json::from_value(row).unwrap())
    }

    fn rendered(renderer: &Renderer, key: &str) -> (String, String) {
        let fields = FieldValues::from_pairs([("api_key".to_owned(), SecretString::from(key))]);
        let parts = renderer.request(&fields).unwrap().unwrap();
        (parts.base_url.clone(), parts.headers["authorization"].to_string())
    }

    #[test]
    fn a_row_is_taken_apart_once_and_filled_in_for_each_key() {
        let renderers = Renderers::new();
        let row = row("https://api.example.com/v1/");
        let first = renderers.of(&row);
        assert!(Arc::ptr_eq(&first, &renderers.of(&row)));
        for key in ["key-of-acme", "key-of-zebra"] {
            let expected = ("https://api.example.com/v1".to_owned(), format!("Bearer {key}"));
            assert_eq!(rendered(&first, key), expected);
        }
    }

    #[test]
    fn a_row_that_was_revised_is_taken_apart_anew() {
        let renderers = Renderers::new();
        let before = renderers.of(&row("https://api.example.com"));
        let after = renderers.of(&row("https://eu.example.com"));
        assert_eq!(rendered(&before, "k").0, "https://api.example.com");
        assert_eq!(rendered(&after, "k").0, "https://eu.example.com");
    }
}
