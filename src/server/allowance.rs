//! How much of request bodies is held in memory: by one connection, and by all together.
//!
//! HTTP/2 carries many requests at once, and each may have a body. Whoever comes over the
//! connection's allowance waits for the ones before it.

use std::{future::poll_fn, pin::Pin, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::Request,
};
use hyper::body::{Body as _, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    budget::{BodyBudget, Share},
    limit::Limits,
    pages::BodyMemory,
};

/// What is counted: finer would not fit the semaphore.
const UNIT: usize = 1024;

/// The allowance of one connection. Clones mean the same one.
#[derive(Clone, Debug)]
pub(crate) struct BodyAllowance {
    of_connection: Arc<Semaphore>,
    of_all: Arc<BodyBudget>,
}

/// A part of the allowance, given back when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    _of_connection: OwnedSemaphorePermit,
    _of_all: Share,
}

/// Why there is no body.
#[derive(Debug)]
pub(crate) enum NoBody {
    /// It is larger than allowed. This much of it is unread.
    TooLarge(Body),
    /// It broke off, or is not written as a body.
    Broken,
    /// It was long on its way, and others needed its place.
    GaveWay(Body),
}

impl BodyAllowance {
    pub(crate) fn new(octets: usize, of_all: Arc<BodyBudget>) -> Self {
        Self {
            of_connection: Arc::new(Semaphore::new(
                (octets / UNIT).clamp(1, Semaphore::MAX_PERMITS),
            )),
            of_all,
        }
    }

    /// Reads a request's body within the limits, once there is room for it.
    pub(crate) async fn read(
        &self,
        request: Request,
        limits: &Limits,
    ) -> Result<(Request, Option<Held>), NoBody> {
        let (head, mut body) = request.into_parts();
        let most = limits.body_octets;
        let size = body.size_hint();
        if size.lower() > most as u64 {
            return Err(NoBody::TooLarge(body));
        }
        let expected = size
            .upper()
            .and_then(|upper| usize::try_from(upper).ok())
            .map_or(most, |upper| upper.min(most));
        if expected == 0 && body.is_end_stream() {
            return Ok((Request::from_parts(head, Body::empty()), None));
        }
        let units = u32::try_from(expected.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let of_connection = Arc::clone(&self.of_connection)
            .acquire_many_owned(units)
            .await;
        // The semaphore is never closed.
        let Ok(of_connection) = of_connection else {
            return Err(NoBody::Broken);
        };
        let mut share = self.of_all.begin();
        let told_to_leave = share.told_to_leave();
        let read = tokio::select! {
            read = collect(&mut body, expected, &mut share, limits) => read,
            () = told_to_leave => Err(Trouble::GaveWay),
        };
        match read {
            Ok(octets) => {
                share.arrived();
                let held = Held {
                    _of_connection: of_connection,
                    _of_all: share,
                };
                Ok((Request::from_parts(head, Body::from(octets)), Some(held)))
            }
            Err(Trouble::TooLarge) => Err(NoBody::TooLarge(body)),
            Err(Trouble::Broken) => Err(NoBody::Broken),
            Err(Trouble::GaveWay) => Err(NoBody::GaveWay(body)),
        }
    }
}

enum Trouble {
    TooLarge,
    Broken,
    GaveWay,
}

/// The whole of a body of at most so many octets.
async fn collect(
    body: &mut Body,
    expected: usize,
    share: &mut Share,
    limits: &Limits,
) -> Result<Bytes, Trouble> {
    let mut memory = BodyMemory::new(expected).map_err(|_| Trouble::GaveWay)?;
    while let Some(frame) = next(body).await {
        let frame = frame.map_err(|_| Trouble::Broken)?;
        // Trailers say nothing here.
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        share
            .grow(piece.len(), limits.bodies_octets, limits.patience())
            .await;
        if !memory.push(&piece) {
            return Err(Trouble::TooLarge);
        }
    }
    Ok(memory.into_bytes())
}

async fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
    poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn request(octets: usize) -> Request {
        Request::new(Body::from(vec![b'x'; octets]))
    }

    #[tokio::test]
    async fn bodies_of_one_connection_wait_for_each_other_and_those_without_do_not() {
        let allowance = BodyAllowance::new(4 * UNIT, Arc::default());
        let most = 3 * UNIT;
        let limits = Limits {
            body_octets: most,
            ..Limits::default()
        };
        let read = |octets| allowance.read(request(octets), &limits);
        let (_, first) = read(most).await.expect("fits");
        let waits = timeout(Duration::from_millis(50), read(most)).await;
        assert!(waits.is_err());
        assert!(read(0).await.is_ok());
        assert!(read(UNIT).await.is_ok());
        drop(first);
        assert!(read(most).await.is_ok());
        let too_large = read(most + 1).await;
        assert!(matches!(too_large, Err(NoBody::TooLarge(_))));
    }
}
