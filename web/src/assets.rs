use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::Sha256Digest;

use crate::site::Site;

/// A file that pages refer to.
struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// All of them, within the binary.
const ASSETS: &[Asset] = &[
    Asset {
        name: "tokens.css",
        kind: CSS,
        content: include_str!("../assets/tokens.css"),
    },
    Asset {
        name: "base.css",
        kind: CSS,
        content: include_str!("../assets/base.css"),
    },
    Asset {
        name: "layout.css",
        kind: CSS,
        content: include_str!("../assets/layout.css"),
    },
    Asset {
        name: "components.css",
        kind: CSS,
        content: include_str!("../assets/components.css"),
    },
    Asset {
        name: "marketplace.css",
        kind: CSS,
        content: include_str!("../assets/marketplace.css"),
    },
    Asset {
        name: "connect.css",
        kind: CSS,
        content: include_str!("../assets/connect.css"),
    },
    Asset {
        name: "providers.css",
        kind: CSS,
        content: include_str!("../assets/providers.css"),
    },
    Asset {
        name: "accounts.css",
        kind: CSS,
        content: include_str!("../assets/accounts.css"),
    },
    Asset {
        name: "audit.css",
        kind: CSS,
        content: include_str!("../assets/audit.css"),
    },
    Asset {
        name: "settings.css",
        kind: CSS,
        content: include_str!("../assets/settings.css"),
    },
    Asset {
        name: "main.js",
        kind: JS,
        content: include_str!("../assets/main.js"),
    },
    Asset {
        name: "page.js",
        kind: JS,
        content: include_str!("../assets/page.js"),
    },
    Asset {
        name: "fields.js",
        kind: JS,
        content: include_str!("../assets/fields.js"),
    },
    Asset {
        name: "dialog.js",
        kind: JS,
        content: include_str!("../assets/dialog.js"),
    },
    Asset {
        name: "connect.js",
        kind: JS,
        content: include_str!("../assets/connect.js"),
    },
    Asset {
        name: "live.js",
        kind: JS,
        content: include_str!("../assets/live.js"),
    },
    Asset {
        name: "preview.js",
        kind: JS,
        content: include_str!("../assets/preview.js"),
    },
    Asset {
        name: "search.js",
        kind: JS,
        content: include_str!("../assets/search.js"),
    },
    Asset {
        name: "times.js",
        kind: JS,
        content: include_str!("../assets/times.js"),
    },
    Asset {
        name: "copy.js",
        kind: JS,
        content: include_str!("../assets/copy.js"),
    },
    Asset {
        name: "icon.svg",
        kind: SVG,
        content: include_str!("../assets/icon.svg"),
    },
];

/// Stands in the path of every asset and changes when any of them does, so that browsers may keep them for ever.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all: String = ASSETS.iter().flat_map(|asset| [asset.name, asset.content]).collect();
    Sha256Digest::of(all.as_bytes()).to_string()[..16].to_owned()
});

/// Where an asset is.
pub(crate) fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/assets/{version}/{name}", get(asset))
}

async fn asset(Path((version, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Another version is that of another node, or of a page from before: what it gets is not to be kept.
    let caching = if version == *VERSION {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, caching)];
    (headers, asset.content).into_response()
}
