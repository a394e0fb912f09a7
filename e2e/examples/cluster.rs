//! Starts what docker-compose.yml starts, as plain processes: PostgreSQL, NATS and two nodes behind one address. For trying
//! several nodes out by hand; everything is gone when it ends.
//!
//! ```sh
//! cargo build && cargo run -p e2e --example cluster
//! ```

use std::io::Write;

use anyhow::Result;
use e2e::{Cluster, Gateway};

fn main() -> Result<()> {
    let allow = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9000".to_owned());
    let (cluster, gateway) = (Cluster::start()?, Gateway::start()?);
    let (a, b) = (cluster.node("a", &allow)?, cluster.node("b", &allow)?);
    gateway.lead_to(&[a.base(), b.base()])?;
    let token = cluster.folder().join("a/admin-token");
    let mut out = std::io::stdout();
    writeln!(out, "Two nodes answer at {}", gateway.base())?;
    writeln!(out, "  by themselves  {} and {}", a.base(), b.base())?;
    writeln!(out, "  NATS           {}", cluster.nats[0].address())?;
    writeln!(out, "  may call       {allow}")?;
    writeln!(out, "  admin token    {}", token.display())?;
    writeln!(
        out,
        "Next: curl -H \"Authorization: Bearer $(cat {})\" {}/v1/catalog",
        token.display(),
        gateway.base()
    )?;
    writeln!(out, "Enter or the end of the input ends it.")?;
    std::io::stdin().read_line(&mut String::new())?;
    a.stop()?;
    b.stop()
}
