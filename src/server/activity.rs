//! Whether a connection is of any use: requests and answers count, octets do not.
//!
//! A client can keep octets moving for nothing, with HTTP/2 PINGs say. What counts is that
//! a request begins, that one is in progress (which has a deadline of its own), or that
//! another piece of an answer is taken.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, sleep};

/// The activity of one connection.
#[derive(Debug)]
pub(crate) struct Activity {
    begun: Instant,
    /// When something happened last, in milliseconds after the beginning.
    last: AtomicU64,
    in_progress: AtomicUsize,
}

/// A request in progress, until dropped.
#[derive(Debug)]
pub(crate) struct InProgress(Arc<Activity>);

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            last: AtomicU64::new(0),
            in_progress: AtomicUsize::new(0),
        })
    }

    fn moved(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Relaxed);
    }

    pub(crate) fn request(self: &Arc<Self>) -> InProgress {
        self.in_progress.fetch_add(1, Relaxed);
        self.moved();
        InProgress(Arc::clone(self))
    }

    /// Ends when nothing has been in progress for so long.
    pub(crate) async fn stood_still(&self, idle: Duration) {
        loop {
            let last = Duration::from_millis(self.last.load(Relaxed));
            let still = self.begun.elapsed().saturating_sub(last);
            if self.in_progress.load(Relaxed) > 0 {
                sleep(idle).await;
            } else if still < idle {
                sleep(idle - still).await;
            } else {
                return;
            }
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.moved();
        self.0.in_progress.fetch_sub(1, Relaxed);
    }
}

/// An answer's body, each piece of which is activity.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) body: Body,
    pub(crate) activity: Arc<Activity>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_ready() {
            self.activity.moved();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
