//! Who may depend on whom (the table of ARCHITECTURE.md), and what nobody may depend on.

use super::graph::Graph;

/// What one crate of the workspace may and must not see.
///
/// A crate that uses a port sees, through the crate that owns the port, what that port's adapters are built with: `bus`
/// compiles `sqlx` because `eventlog` does. So there are two grades: what a crate must not name itself (`never_names`)
/// and what must not be compiled into it at all (`never_reaches`).
pub(crate) struct Rule {
    /// The crate.
    pub(crate) name: &'static str,
    /// The crates of this workspace that it may depend on.
    pub(crate) may_use: &'static [&'static str],
    /// External packages that must not be among its direct dependencies.
    pub(crate) never_names: &'static [&'static str],
    /// External packages that must not be anywhere below it.
    pub(crate) never_reaches: &'static [&'static str],
}

/// The whole product and the servers for tests, for what stands above it.
const ALL: &[&str] = &[
    "domain",
    "postgres-url",
    "eventlog",
    "bus",
    "vault",
    "egress",
    "commands",
    "projections",
    "oidc",
    "web",
    "api",
    "servers",
    "browser",
    "esdb-double",
];

/// The table. A new crate of the workspace needs a line here.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "domain",
        may_use: &[],
        never_names: &["tracing", "rand", "getrandom"],
        never_reaches: &[
            "tokio",
            "futures",
            "futures-util",
            "async-trait",
            "sqlx",
            "axum",
            "hyper",
            "reqwest",
            "async-nats",
            "eventstore",
            "socket2",
            "mio",
        ],
    },
    Rule {
        name: "postgres-url",
        may_use: &[],
        never_names: &["tokio", "tracing"],
        never_reaches: &["axum", "hyper", "reqwest", "async-nats", "eventstore"],
    },
    Rule {
        name: "eventlog",
        may_use: &["domain", "postgres-url"],
        never_names: &["axum", "reqwest"],
        never_reaches: &["async-nats"],
    },
    Rule {
        name: "bus",
        may_use: &["domain", "eventlog"],
        never_names: &["sqlx", "axum", "reqwest", "eventstore"],
        never_reaches: &[],
    },
    Rule {
        name: "vault",
        may_use: &["domain", "postgres-url"],
        never_names: &[],
        never_reaches: &["axum", "hyper", "reqwest", "async-nats", "eventstore"],
    },
    Rule {
        name: "egress",
        may_use: &["domain"],
        never_names: &[],
        never_reaches: &["axum", "sqlx", "async-nats", "eventstore"],
    },
    Rule {
        name: "commands",
        may_use: &["domain", "eventlog", "vault", "egress"],
        never_names: &["axum", "sqlx", "reqwest", "aes-siv", "eventstore"],
        never_reaches: &["async-nats"],
    },
    Rule {
        name: "projections",
        may_use: &["domain", "postgres-url", "eventlog", "bus"],
        never_names: &["axum", "reqwest", "aes-siv", "async-nats", "eventstore"],
        never_reaches: &["aes-siv"],
    },
    Rule {
        name: "oidc",
        may_use: &["egress"],
        never_names: &["reqwest"],
        never_reaches: &["axum", "sqlx", "async-nats", "eventstore"],
    },
    Rule {
        name: "web",
        may_use: &["domain", "commands", "projections"],
        never_names: &["sqlx", "reqwest", "aes-siv", "async-nats", "eventstore", "getrandom"],
        never_reaches: &[],
    },
    Rule {
        name: "api",
        may_use: &[
            "domain",
            "postgres-url",
            "eventlog",
            "bus",
            "vault",
            "egress",
            "commands",
            "projections",
            "oidc",
            "web",
        ],
        never_names: &["sqlx", "reqwest", "aes-siv"],
        never_reaches: &[],
    },
    Rule {
        name: "servers",
        may_use: &[],
        never_names: &[],
        never_reaches: &[],
    },
    Rule {
        name: "browser",
        may_use: &[],
        never_names: &["reqwest"],
        // It speaks to this machine alone, so it needs no TLS; whoever runs it has a provider of cryptography of their own.
        never_reaches: &["rustls", "aws-lc-rs", "ring"],
    },
    Rule {
        name: "esdb-double",
        may_use: &[],
        never_names: &[],
        // It is made from the published definitions alone: what client and double agree on, they agree on as strangers.
        never_reaches: &["eventstore"],
    },
    Rule {
        name: "e2e",
        may_use: ALL,
        never_names: &[],
        never_reaches: &[],
    },
    Rule {
        name: "benches",
        may_use: ALL,
        never_names: &[],
        never_reaches: &[],
    },
];

/// Packages that must not be in the tree at all, and why.
///
/// `aws-lc-rs` is not among them: the client of EventStoreDB brings it and knows no other provider of cryptography. All
/// else is given ring, by name.
pub(crate) const BANNED: &[(&str, &str)] = &[
    (
        "openssl",
        "TLS is rustls: one implementation, no system library to match",
    ),
    (
        "openssl-sys",
        "TLS is rustls: one implementation, no system library to match",
    ),
    (
        "native-tls",
        "TLS is rustls: one implementation, no system library to match",
    ),
    (
        "rusqlite",
        "it links an SQLite of its own, which cannot stand beside sqlx's",
    ),
    ("serde_yaml", "unmaintained; rows are read with serde-saphyr"),
    ("git2", "nothing here speaks git"),
];

/// Every departure of `graph` from `rules`.
pub(crate) fn violations(graph: &Graph, rules: &[Rule]) -> Vec<String> {
    let mut found = Vec::new();
    for node in graph.0.values().filter(|node| node.own) {
        let Some(rule) = rules.iter().find(|rule| rule.name == node.name) else {
            found.push(format!("{}: a crate without a rule; add it to the table", node.name));
            continue;
        };
        for dep in graph.nodes(&node.normal) {
            if dep.own && !rule.may_use.contains(&dep.name.as_str()) {
                found.push(format!("{} must not depend on {}", node.name, dep.name));
            }
            if rule.never_names.contains(&dep.name.as_str()) {
                found.push(format!("{} must not depend directly on {}", node.name, dep.name));
            }
        }
        for dep in graph.nodes(&node.dev).chain(graph.nodes(&node.normal)) {
            if matches!(dep.name.as_str(), "e2e" | "benches") && dep.own {
                found.push(format!("{} depends on {}, which nobody may", node.name, dep.name));
            }
        }
        let reached = graph.reached_from(node);
        for name in rule.never_reaches.iter().filter(|name| reached.contains(**name)) {
            found.push(format!("{} must not pull in {name}", node.name));
        }
    }
    for rule in rules.iter().filter(|rule| !graph.own_names().contains(rule.name)) {
        found.push(format!("{}: a rule without a crate", rule.name));
    }
    found
}

/// Every banned package of `graph`, with the reason.
pub(crate) fn banned(graph: &Graph) -> Vec<String> {
    let reason = |name: &str| {
        BANNED
            .iter()
            .find(|(banned, _)| *banned == name)
            .map(|(_, reason)| *reason)
    };
    graph
        .0
        .values()
        .filter_map(|node| reason(&node.name).map(|why| format!("{}: {why}", node.name)))
        .collect()
}

/// Every package that comes neither from this workspace nor from crates.io.
pub(crate) fn foreign_sources(graph: &Graph) -> Vec<String> {
    let foreign = graph.0.values().filter(|node| !node.own && !node.crates_io);
    foreign
        .map(|node| format!("{} does not come from crates.io", node.name))
        .collect()
}

/// Every ban that the text of `deny.toml` lacks.
pub(crate) fn missing_in(deny: &str) -> Vec<String> {
    let lacking = BANNED
        .iter()
        .filter(|(name, _)| !deny.contains(&format!("crate = \"{name}\"")));
    lacking
        .map(|(name, _)| format!("deny.toml does not ban {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::graph::made_up;
    use super::*;

    const SOME: &[Rule] = &[
        Rule {
            name: "domain",
            may_use: &[],
            never_names: &["tracing"],
            never_reaches: &["tokio"],
        },
        Rule {
            name: "commands",
            may_use: &["domain"],
            never_names: &["axum"],
            never_reaches: &[],
        },
    ];

    #[test]
    fn a_workspace_that_keeps_the_rules_has_no_findings() {
        let graph = made_up(&["@domain: serde", "@commands: @domain tokio", "tokio: mio"]);
        assert!(violations(&graph, SOME).is_empty());
    }

    #[test]
    fn a_crate_of_our_own_that_is_not_in_the_table_is_named() {
        let graph = made_up(&["@domain: @commands", "@commands:"]);
        assert_eq!(violations(&graph, SOME), ["domain must not depend on commands"]);
    }

    #[test]
    fn a_forbidden_direct_dependency_is_named() {
        let graph = made_up(&["@domain: tracing", "@commands: axum"]);
        let found = violations(&graph, SOME);
        assert_eq!(
            found,
            [
                "commands must not depend directly on axum",
                "domain must not depend directly on tracing"
            ]
        );
    }

    #[test]
    fn a_forbidden_package_is_found_however_deep_it_lies() {
        let graph = made_up(&["@domain: a", "a: b", "b: tokio a", "@commands:"]);
        assert_eq!(violations(&graph, SOME), ["domain must not pull in tokio"]);
    }

    #[test]
    fn a_new_crate_needs_a_rule_and_a_rule_needs_its_crate() {
        let found = violations(&made_up(&["@domain:", "@extra:"]), SOME);
        assert_eq!(
            found,
            [
                "extra: a crate without a rule; add it to the table",
                "commands: a rule without a crate"
            ]
        );
    }

    #[test]
    fn nobody_may_depend_on_the_tests_even_for_tests() {
        let mut graph = made_up(&["@domain:", "@commands:", "@e2e:"]);
        graph
            .0
            .entry("@domain".to_owned())
            .or_default()
            .dev
            .insert("@e2e".to_owned());
        assert!(violations(&graph, SOME).contains(&"domain depends on e2e, which nobody may".to_owned()));
    }

    #[test]
    fn a_banned_package_and_a_foreign_source_are_named() {
        let mut graph = made_up(&["@domain: rusqlite"]);
        assert_eq!(banned(&graph).len(), 1);
        graph.0.entry("rusqlite".to_owned()).or_default().crates_io = false;
        assert_eq!(foreign_sources(&graph), ["rusqlite does not come from crates.io"]);
    }

    #[test]
    fn a_ban_that_cargo_deny_is_not_told_of_is_named() {
        assert_eq!(missing_in("").len(), BANNED.len());
    }
}
