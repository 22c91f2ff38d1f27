//! A network between the program and the server, which takes its time.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use sea_orm::ConnectionTrait;
use tempfile::{TempDir, tempdir};

use crate::{
    link::{Link, Path},
    statistics::Spread,
    world::World,
};

/// What the network adds to a round trip.
pub(crate) const ADDED: Duration = Duration::from_micros(500);
/// How often what it adds is looked at, and how many round trips that takes.
const TRIES: usize = 6;
const ROUND_TRIPS: usize = 200;

/// A proxy that holds what goes through it for a while. It has threads, as tokio's clock ticks by the millisecond; a chunk
/// that is held does not hold up the next.
#[derive(Debug)]
pub(crate) struct Delay {
    /// The port that it listens on, at 127.0.0.1.
    port: u16,
    /// The folder with the socket that it listens on.
    folder: Option<TempDir>,
    /// In nanoseconds.
    each_way: Arc<AtomicU64>,
}

impl Delay {
    /// Listens, and connects each client to the server; to the end of the program. Where the folder of the server's socket is
    /// known, before that too.
    pub(crate) fn start((host, port): (String, u16), socket: Option<PathBuf>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let mut delay = Self { port: own_port, folder: None, each_way: Arc::default() };
        let accept = move || listener.accept().map(|(client, _)| client);
        delay.listen(accept, move || TcpStream::connect((host.as_str(), port)));
        if let Some(server) = socket {
            let (name, folder) = (format!(".s.PGSQL.{port}"), tempdir().unwrap());
            let listener = UnixListener::bind(folder.path().join(&name)).unwrap();
            delay.folder = Some(folder);
            let accept = move || listener.accept().map(|(client, _)| client);
            delay.listen(accept, move || UnixStream::connect(server.join(&name)));
        }
        delay
    }

    fn listen<W: Wire>(
        &self,
        accept: impl Fn() -> io::Result<W> + Send + 'static,
        connect: impl Fn() -> io::Result<W> + Send + 'static,
    ) {
        let each_way = Arc::clone(&self.each_way);
        thread::spawn(move || {
            loop {
                let (client, server) = (accept().unwrap(), connect().unwrap());
                hold(client.twin(), server.twin(), Arc::clone(&each_way));
                hold(server, client, Arc::clone(&each_way));
            }
        });
    }

    /// Returns the path through it.
    pub(crate) fn path(&self) -> Path {
        let socket = self.folder.as_ref().map(|folder| folder.path().to_owned());
        Path { port: Some(self.port), socket, ..Path::default() }
    }

    /// Sets how long it holds a chunk, so that it adds what it is to add: what it takes of itself counts, and so does what the
    /// system sleeps too long. Returns what it adds then, in µs.
    pub(crate) async fn adjust(&self, world: &Arc<World>) -> f64 {
        let direct = Link::new(world, Path::default()).await;
        let delayed = Link::new(world, self.path()).await;
        let mut added = 0.0;
        for attempt in 1..=TRIES {
            added = round_trip(&delayed).await - round_trip(&direct).await;
            if attempt == TRIES {
                break;
            }
            let wrong = ADDED.as_secs_f64() - added;
            let each_way = Duration::from_nanos(self.each_way.load(Ordering::Relaxed)).as_secs_f64() + wrong / 2.0;
            let each_way = Duration::from_secs_f64(each_way.max(0.0)).as_nanos();
            self.each_way.store(u64::try_from(each_way).unwrap(), Ordering::Relaxed);
        }
        added * 1e6
    }
}

/// Returns how many seconds a round trip takes.
async fn round_trip(link: &Link) -> f64 {
    let (open, mut seconds) = (link.open(), Vec::new());
    for _ in 0..ROUND_TRIPS {
        let start = Instant::now();
        open.execute_unprepared("SELECT 1").await.unwrap();
        seconds.push(start.elapsed().as_secs_f64());
    }
    Spread::of(seconds).median
}

/// What bytes go over.
trait Wire: Read + Write + Send + Sized + 'static {
    /// Returns another end at the same place, which sends at once what it is given.
    fn twin(&self) -> Self;
    /// Lets nothing more come or go.
    fn end(&self);
}

impl Wire for TcpStream {
    fn twin(&self) -> Self {
        self.set_nodelay(true).unwrap();
        self.try_clone().unwrap()
    }

    fn end(&self) {
        self.shutdown(Shutdown::Both).ok();
    }
}

impl Wire for UnixStream {
    fn twin(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn end(&self) {
        self.shutdown(Shutdown::Both).ok();
    }
}

/// Passes on what comes, each chunk as long after it has come.
fn hold(mut from: impl Wire, mut to: impl Wire, each_way: Arc<AtomicU64>) {
    let (sender, chunks) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = from.read(&mut bytes) {
            if sender.send((Instant::now(), bytes[..n].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (came, chunk) in chunks {
            let due = came + Duration::from_nanos(each_way.load(Ordering::Relaxed));
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&chunk).is_err() {
                break;
            }
        }
        to.end();
    });
}
