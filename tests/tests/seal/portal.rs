//! A named portal of the extended protocol: it has the text and the name that whoever sends the messages gives it.

use bytes::BytesMut;
use postgres_protocol::{
    IsNull,
    authentication::{
        md5_hash,
        sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256},
    },
    message::{backend::Message, frontend},
};
use sea_orm::sqlx::postgres::PgConnectOptions;
use tests::{Fixture, PASSWORD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::attack::Attacker;

/// A connection that sends the messages of the protocol themselves.
struct Wire {
    stream: TcpStream,
    received: BytesMut,
}

impl Wire {
    /// Logs in as the login role.
    async fn connect(f: &Fixture) -> Self {
        let options: PgConnectOptions = f.database.login_url().parse().unwrap();
        let stream = TcpStream::connect((options.get_host(), options.get_port())).await.unwrap();
        let mut wire = Self { stream, received: BytesMut::new() };
        let (login, database) = (f.database.login(), f.database.name.as_str());
        wire.send(|out| frontend::startup_message([("user", login.as_str()), ("database", database)], out).unwrap())
            .await;
        wire.authenticate(&login).await;
        wire.until_ready().await.unwrap();
        wire
    }

    async fn send(&mut self, message: impl FnOnce(&mut BytesMut)) {
        let mut out = BytesMut::new();
        message(&mut out);
        self.stream.write_all(&out).await.unwrap();
    }

    async fn receive(&mut self) -> Message {
        loop {
            if let Some(message) = Message::parse(&mut self.received).unwrap() {
                return message;
            }
            assert_ne!(self.stream.read_buf(&mut self.received).await.unwrap(), 0, "the server has hung up");
        }
    }

    async fn authenticate(&mut self, login: &str) {
        let mut scram = ScramSha256::new(PASSWORD.as_bytes(), ChannelBinding::unsupported());
        loop {
            match self.receive().await {
                Message::AuthenticationOk => return,
                Message::AuthenticationCleartextPassword => {
                    self.send(|out| frontend::password_message(PASSWORD.as_bytes(), out).unwrap()).await;
                }
                Message::AuthenticationMd5Password(asks) => {
                    let hash = md5_hash(login.as_bytes(), PASSWORD.as_bytes(), asks.salt());
                    self.send(|out| frontend::password_message(hash.as_bytes(), out).unwrap()).await;
                }
                Message::AuthenticationSasl(_) => {
                    let first = scram.message().to_vec();
                    self.send(|out| frontend::sasl_initial_response(SCRAM_SHA_256, &first, out).unwrap()).await;
                }
                Message::AuthenticationSaslContinue(goes_on) => {
                    scram.update(goes_on.data()).unwrap();
                    let next = scram.message().to_vec();
                    self.send(|out| frontend::sasl_response(&next, out).unwrap()).await;
                }
                Message::AuthenticationSaslFinal(last) => scram.finish(last.data()).unwrap(),
                _ => panic!("the server asks for something else"),
            }
        }
    }

    /// Waits until the server is ready for the next; returns how many rows it has sent, or the SQLSTATE of its refusal.
    async fn until_ready(&mut self) -> Result<usize, String> {
        let mut done = Ok(0);
        loop {
            match self.receive().await {
                Message::ReadyForQuery(_) => return done,
                Message::DataRow(_) => done = done.map(|rows| rows + 1),
                Message::ErrorResponse(said) => {
                    use fallible_iterator::FallibleIterator;
                    let code = said.fields().find(|field| Ok(field.type_() == b'C')).unwrap().unwrap();
                    done = Err(String::from_utf8_lossy(code.value_bytes()).into_owned());
                }
                _ => {}
            }
        }
    }

    /// Sends a message of the simple protocol.
    async fn query(&mut self, sql: &str) -> Result<usize, String> {
        self.send(|out| frontend::query(sql, out).unwrap()).await;
        self.until_ready().await
    }

    /// Binds a statement to a portal of a name, without executing it.
    async fn bind(&mut self, portal: &str, sql: &str) -> Result<usize, String> {
        self.send(|out| {
            frontend::parse("", sql, [], out).unwrap();
            let none: [i16; 0] = [];
            let values: [(); 0] = [];
            let bound = frontend::bind(portal, "", none, values, |(), _| Ok(IsNull::Yes), none, out);
            assert!(bound.is_ok());
            frontend::sync(out);
        })
        .await;
        self.until_ready().await
    }
}

/// In a savepoint too, and as each role. The control is a portal of somebody who may read the table.
#[tokio::test]
async fn a_named_portal_with_the_name_and_the_text_is_refused() {
    let f = Fixture::new().await;
    let filled = Attacker::new(&f).await;
    let name = filled.filled("t{seal of acme}owner");
    let text = filled.filled("SELECT FROM {app}.seal");
    let look = filled.filled(
        "SET LOCAL {app}.organization_id = '{acme}'; SET LOCAL ROLE {app}_tenant; SELECT 1 AS loot FROM research_plan",
    );
    let mut wire = Wire::connect(&f).await;
    for role in ["none", "{app}_tenant", "{app}_user", "{app}_identity"] {
        let role = filled.filled(role);
        wire.query(&format!("BEGIN; SET LOCAL ROLE {role}; SAVEPOINT s")).await.unwrap();
        assert_eq!(wire.bind(&name, &text).await, Err("42501".to_owned()), "{role}");
        wire.query("ROLLBACK TO s").await.unwrap();
        assert_eq!(wire.query("SELECT FROM pg_cursors").await, Ok(0), "{role}: a portal is left");
        // Another text can be bound to the name, and says nothing.
        wire.bind(&name, "SELECT 'SELECT FROM {app}.seal'").await.unwrap();
        assert_eq!(wire.query("SELECT FROM pg_cursors").await, Ok(1), "{role}");
        assert_eq!(wire.query(&filled.filled("RESET ROLE; SELECT")).await, Ok(1));
        assert_eq!(wire.query(&look).await, Ok(0), "{role}: a portal of another text opened a context");
        wire.query("ROLLBACK").await.unwrap();
    }
    f.database.execute(&filled.filled("GRANT SELECT ON {app}.seal TO {login}")).await;
    wire.query("BEGIN").await.unwrap();
    wire.bind(&name, &text).await.unwrap();
    assert_eq!(wire.query(&look).await, Ok(1), "a portal of that name and text is the seal");
}
