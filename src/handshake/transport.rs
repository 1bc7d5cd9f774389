//! What octets travel over, each wait of it bounded.

use std::{
    io::{self, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use super::{Play, play};
use crate::{script::Script, stop::Stop};

/// A connection to the other side.
pub trait Transport {
    /// Sends all of these octets.
    ///
    /// # Errors
    /// When the other side takes no more.
    fn send(&mut self, octets: &[u8]) -> io::Result<()>;

    /// Waits for octets and appends them. Zero means that the other side has closed.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] or [`io::ErrorKind::WouldBlock`] when nothing comes
    /// in time; others when the connection is gone.
    fn receive(&mut self, into: &mut Vec<u8>) -> io::Result<usize>;

    /// Lets time pass.
    fn pause(&mut self, _: Duration) {}

    /// Sends nothing more.
    fn close(&mut self) {}
}

/// Takes down what is sent, and closes at the first wait.
#[derive(Debug, Default)]
pub struct Recorder(Vec<u8>);

impl Recorder {
    /// What the peer of a script sends before it waits, without credentials.
    pub fn of(script: &Script) -> Vec<u8> {
        let mut recorder = Self::default();
        play(script, &Play::default(), &mut recorder);
        recorder.0
    }
}

impl Transport for Recorder {
    fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(octets);
        Ok(())
    }

    fn receive(&mut self, _: &mut Vec<u8>) -> io::Result<usize> {
        Ok(0)
    }
}

/// A TCP connection that is over at a fixed moment, however slowly the other side drips.
#[derive(Debug)]
pub struct Tcp {
    stream: TcpStream,
    until: Instant,
    /// How long one wait for octets may be.
    patience: Duration,
    stop: Stop,
}

/// How many waits a whole connection may last.
const WAITS: u32 = 4;

impl Tcp {
    /// Connects. `patience` bounds one wait, and four times that the whole connection.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        Self::connect_until(address, patience, Stop::NEVER)
    }

    /// As [`Tcp::connect`]; `stop` ends every wait.
    ///
    /// # Errors
    /// As for [`Tcp::connect`], or when the wait was ended.
    pub fn connect_until(address: SocketAddr, patience: Duration, stop: Stop) -> io::Result<Self> {
        let tcp = Self::over(stop.connect(address, patience)?, patience)?;
        Ok(Self { stop, ..tcp })
    }

    /// Uses a connection that is open.
    ///
    /// # Errors
    /// When the system refuses the options.
    pub fn over(stream: TcpStream, patience: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self {
            stream,
            until: Instant::now() + WAITS * patience,
            patience,
            stop: Stop::NEVER,
        })
    }

    /// The own address.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(left)
        }
    }
}

impl Transport for Tcp {
    fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.left()?;
        self.stream.write_all(octets)
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        let left = self.left()?.min(self.patience);
        let mut octets = [0; 16 * 1024];
        let read = self.stop.read(&self.stream, &mut octets, left)?;
        into.extend_from_slice(&octets[..read]);
        Ok(read)
    }

    fn pause(&mut self, time: Duration) {
        self.stop.sleep(time.min(Script::LONGEST_DELAY));
    }

    fn close(&mut self) {
        // Who has closed already need not be told.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}
