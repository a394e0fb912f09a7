//! `soconnective`: the JSON API and its tools in one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::cli::main()
}
