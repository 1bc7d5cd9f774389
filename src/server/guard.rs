//! A TCP stream that watches its peer: how much it sends before it is known, and whether it stands still.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

use super::silence::Silence;

/// A stream with an allowance of octets until its peer is known, and an idle deadline.
#[derive(Debug)]
pub struct GuardedStream {
    inner: TcpStream,
    allowance: usize,
    known: Arc<AtomicBool>,
    idle: Duration,
    /// When something moved last.
    last: Instant,
    alarm: Pin<Box<Sleep>>,
    silence: Arc<Silence>,
}

/// The peer of a [`GuardedStream`] is known: its allowance no longer counts.
#[derive(Clone, Debug)]
pub(crate) struct Known(Arc<AtomicBool>);

impl Known {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl GuardedStream {
    pub(crate) fn new(
        inner: TcpStream,
        allowance: usize,
        idle: Duration,
        silence: Arc<Silence>,
    ) -> (Self, Known) {
        let known = Arc::new(AtomicBool::new(false));
        let stream = Self {
            inner,
            allowance,
            known: Arc::clone(&known),
            idle,
            last: Instant::now(),
            alarm: Box::pin(sleep(idle)),
            silence,
        };
        (stream, Known(known))
    }

    fn moved(&mut self) {
        self.silence.ends();
        self.last = Instant::now();
    }

    /// Pending, unless nothing has moved for too long.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.silence.waits();
        loop {
            ready!(self.alarm.as_mut().poll(context));
            // The alarm is set anew only once it has gone off: that is cheaper than at every move.
            let end = self.last + self.idle;
            if end <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(end);
        }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.inner).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                let read = buffer.filled().len() - before;
                if read > 0 {
                    this.moved();
                }
                if !this.known.load(Ordering::Acquire) {
                    match this.allowance.checked_sub(read) {
                        Some(left) => this.allowance = left,
                        None => return Poll::Ready(Err(io::Error::other(TooMuch))),
                    }
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => this.wait(context),
            failed => failed,
        }
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_write(context, bytes) {
            Poll::Ready(Ok(written)) => {
                this.moved();
                Poll::Ready(Ok(written))
            }
            Poll::Pending => this.wait(context),
            failed => failed,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_write_vectored(context, slices) {
            Poll::Ready(Ok(written)) => {
                this.moved();
                Poll::Ready(Ok(written))
            }
            Poll::Pending => this.wait(context),
            failed => failed,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// The peer sent more than is allowed before it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more octets than allowed before the handshake was done")]
pub(crate) struct TooMuch;
