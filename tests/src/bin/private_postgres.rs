//! Runs a private PostgreSQL for as long as somebody holds its standard input open.
//!
//! A process of its own, so that the server and its files are gone however the test run ends: when it does, its
//! end of the pipe is closed. Prints the superuser's URL once the server takes connections.
#![expect(clippy::print_stdout, reason = "the URL on standard output is what it is run for")]

use std::io::Read;

use pgtemp::PgTempDBBuilder;

fn main() {
    let mut builder = PgTempDBBuilder::new()
        // Passwords are checked, so that a wrong one is refused.
        .with_initdb_arg("auth-host", "scram-sha-256")
        .with_initdb_arg("encoding", "UTF8")
        .with_config_param("max_connections", "200")
        .with_config_param("listen_addresses", "127.0.0.1")
        // A plan that is forced to take an index looks expensive, and would be compiled for longer than it runs.
        .with_config_param("jit", "off")
        // For the test of a subscription.
        .with_config_param("wal_level", "logical")
        // pgtemp does not read what the server logs, which would stop at a full pipe.
        .with_config_param("log_min_messages", "panic")
        .with_config_param("log_min_error_statement", "panic");
    if let Some(binaries) = std::env::args_os().nth(1) {
        builder = builder.with_bin_path(binaries);
    }
    let server = builder.start();
    println!("{}", server.connection_uri().replace("localhost", "127.0.0.1"));

    // To the end, whatever is written.
    let mut nothing = Vec::new();
    std::io::stdin().read_to_end(&mut nothing).ok();
    server.shutdown();
}
