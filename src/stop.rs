//! Waits that somebody can end: whoever waits for a process, a connection or a
//! time looks at a flag meanwhile, and gives up once it is set.
//!
//! It stands apart because engines, handshakes and scans wait alike, and a person
//! who presses Ctrl-C waits for the slowest of them.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

/// How long nobody looks at the flag.
const LOOKED_AT: Duration = Duration::from_millis(20);

/// A flag that ends waits once it is set, or none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stop(Option<&'static AtomicBool>);

/// Why nothing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Time is up.
    TimedOut,
    /// Nothing will come any more.
    HungUp,
    /// Somebody ended the wait.
    Stopped,
}

impl Stop {
    /// Nobody ends the wait.
    pub const NEVER: Self = Self(None);

    /// The wait ends once the flag is set.
    pub const fn at(flag: &'static AtomicBool) -> Self {
        Self(Some(flag))
    }

    /// Whether waits have been ended.
    pub fn is_set(self) -> bool {
        self.0.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// The part of a wait after which the flag is looked at again.
    fn part(self, left: Duration) -> Duration {
        match self.0 {
            Some(_) => left.min(LOOKED_AT),
            None => left,
        }
    }

    /// Waits for something from a channel.
    ///
    /// # Errors
    /// When it does not come.
    pub fn receive<T>(self, channel: &Receiver<T>, timeout: Duration) -> Result<T, Missing> {
        let start = Instant::now();
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            match channel.recv_timeout(self.part(left)) {
                Ok(something) => return Ok(something),
                Err(RecvTimeoutError::Disconnected) => return Err(Missing::HungUp),
                Err(RecvTimeoutError::Timeout) if self.is_set() => return Err(Missing::Stopped),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Err(Missing::TimedOut),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Lets time pass.
    pub fn sleep(self, time: Duration) {
        let start = Instant::now();
        while !self.is_set() {
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return;
            }
            thread::sleep(self.part(left));
        }
    }

    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there, time is up, or the wait was ended.
    pub fn connect(self, address: SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        if self.0.is_none() || address.ip().is_loopback() {
            return TcpStream::connect_timeout(&address, timeout);
        }
        // The system looks at no flag, so another thread waits for it.
        let (done, connected) = mpsc::sync_channel(1);
        thread::Builder::new().spawn(move || {
            // Whoever asked may have given up.
            let _ = done.send(TcpStream::connect_timeout(&address, timeout));
        })?;
        match self.receive(&connected, timeout) {
            Ok(stream) => stream,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Reads what comes first.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when nothing comes in time or the wait was ended;
    /// others when the connection is gone.
    pub fn read(
        self,
        mut stream: &TcpStream,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> io::Result<usize> {
        self.in_parts(timeout, |part| {
            stream.set_read_timeout(Some(part))?;
            stream.read(buffer)
        })
    }

    /// Writes as much as the other side takes at once.
    ///
    /// # Errors
    /// As [`Stop::read`].
    pub fn write(
        self,
        mut stream: &TcpStream,
        octets: &[u8],
        timeout: Duration,
    ) -> io::Result<usize> {
        self.in_parts(timeout, |part| {
            stream.set_write_timeout(Some(part))?;
            stream.write(octets)
        })
    }

    fn in_parts(
        self,
        timeout: Duration,
        mut attempt: impl FnMut(Duration) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let start = Instant::now();
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            // A timeout of zero would be none at all.
            if left.is_zero() || self.is_set() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match attempt(self.part(left)) {
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) => {}
                outcome => return outcome,
            }
        }
    }
}

/// A connection that is over at one moment, or once somebody ends it.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    until: Instant,
    stop: Stop,
}

impl Wire {
    /// A connection that is open, and over at this moment.
    pub fn until(stream: TcpStream, until: Instant, stop: Stop) -> Self {
        Self {
            stream,
            until,
            stop,
        }
    }

    /// Whether the other side has ended it.
    pub fn is_over(&self) -> bool {
        let looked = self
            .stream
            .set_nonblocking(true)
            .and_then(|()| self.stream.peek(&mut [0]));
        let _ = self.stream.set_nonblocking(false);
        match looked {
            Ok(octets) => octets == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.read(&self.stream, buffer, self.left())
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.stop.write(&self.stream, octets, self.left())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A flag of its own that is set a little later.
    fn soon() -> Stop {
        let flag: &'static AtomicBool = Box::leak(Box::default());
        thread::spawn(|| {
            thread::sleep(Duration::from_millis(30));
            flag.store(true, Ordering::Relaxed);
        });
        Stop::at(flag)
    }

    #[test]
    fn every_wait_ends_when_the_flag_is_set() {
        let (silent, channel) = mpsc::channel::<()>();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let stream = soon().connect(address, LONG).expect("connects");

        let start = Instant::now();
        assert_eq!(soon().receive(&channel, LONG), Err(Missing::Stopped));
        soon().sleep(LONG);
        let mut wire = Wire::until(stream, Instant::now() + LONG, soon());
        let read = wire.read(&mut [0; 8]).map_err(|error| error.kind());
        assert_eq!(read, Err(io::ErrorKind::TimedOut));
        wire.stop = soon();
        let full = wire.write_all(&vec![0; 64 << 20]);
        assert_eq!(full.map_err(|e| e.kind()), Err(io::ErrorKind::TimedOut));
        assert!(start.elapsed() < LONG);
        drop(silent);
    }

    #[test]
    fn without_a_flag_time_and_the_other_side_end_waits() {
        let brief = Duration::from_millis(30);
        let (talkative, channel) = mpsc::channel();
        assert_eq!(Stop::NEVER.receive(&channel, brief), Err(Missing::TimedOut));
        talkative.send(7).expect("somebody listens");
        assert_eq!(Stop::NEVER.receive(&channel, brief), Ok(7));
        drop(talkative);
        assert_eq!(Stop::NEVER.receive(&channel, LONG), Err(Missing::HungUp));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let stream = Stop::NEVER.connect(address, LONG).expect("connects");
        let mut wire = Wire::until(stream, Instant::now() + brief, Stop::NEVER);
        let read = wire.read(&mut [0; 8]).map_err(|error| error.kind());
        assert_eq!(read, Err(io::ErrorKind::TimedOut));
    }
}
