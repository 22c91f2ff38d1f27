//! What answers where the server should be: asked once a connection could not be had in time.
//!
//! While a server refuses connections the pool tries again, and says in the end no more than that it took too long; as it
//! does of a server that is too busy. So this asks once more, and opens no session.

use std::{fmt, io, path::PathBuf, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long each of the two steps takes at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a server is.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Tcp(String, u16),
    Socket(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

/// What answers.
#[derive(Clone, Debug)]
pub(crate) enum Reached {
    /// Nobody, as the operating system says.
    Nobody(String),
    /// Something that is no PostgreSQL.
    Stranger,
    /// A server that takes no session now, with this SQLSTATE.
    Refuses(String),
    /// Somebody who takes connections, and may be too busy to do more.
    Listens,
}

/// Connects, and says hello.
pub(crate) async fn reach(address: &Address, user: &str, database: Option<&str>) -> Reached {
    let hello = hello(user, database);
    let answer = match address {
        Address::Tcp(host, port) => match connected(TcpStream::connect((host.as_str(), *port))).await {
            Ok(stream) => timeout(PATIENCE, answer(stream, &hello)).await,
            Err(nobody) => return nobody,
        },
        #[cfg(unix)]
        Address::Socket(path) => match connected(tokio::net::UnixStream::connect(path)).await {
            Ok(stream) => timeout(PATIENCE, answer(stream, &hello)).await,
            Err(nobody) => return nobody,
        },
        #[cfg(not(unix))]
        Address::Socket(_) => return Reached::Nobody("this platform has no such sockets".to_owned()),
    };
    match answer {
        Ok(Ok(reached)) => reached,
        Ok(Err(_)) | Err(_) => Reached::Listens,
    }
}

async fn connected<S>(connecting: impl Future<Output = io::Result<S>>) -> Result<S, Reached> {
    match timeout(PATIENCE, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(Reached::Nobody(error.to_string())),
        Err(_) => Err(Reached::Nobody("nothing comes back".to_owned())),
    }
}

/// The message that begins a session. What would follow proves who asks; this ends there.
fn hello(user: &str, database: Option<&str>) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    let parameters = [("user", Some(user)), ("database", database)];
    for (name, value) in parameters.iter().filter_map(|(name, value)| Some((name, (*value)?))) {
        body.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &body].concat()
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, hello: &[u8]) -> io::Result<Reached> {
    stream.write_all(hello).await?;
    Ok(match stream.read_u8().await? {
        b'E' => {
            let length = stream.read_u32().await?.clamp(4, 10_000) as usize - 4;
            let mut fields = vec![0; length];
            stream.read_exact(&mut fields).await?;
            let code = fields.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"C"));
            match code.and_then(|code| std::str::from_utf8(code).ok()) {
                // Of any other the pool says so itself.
                Some(code @ ("53300" | "57P03")) => Reached::Refuses(code.to_owned()),
                _ => Reached::Listens,
            }
        }
        // It asks for a proof, or knows an older protocol.
        b'R' | b'v' => Reached::Listens,
        _ => Reached::Stranger,
    })
}
