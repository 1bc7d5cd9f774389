//! Ways to exhaust a server from outside, each bounded: one entry of the table an attack.
//!
//! None of the attackers has more than a network connection; those that get as far as a
//! request hold a good certificate. Each instance begins anew when the server has thrown
//! it out, until it is told to stop.

use std::{
    io,
    net::Ipv4Addr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    Caller, Credentials, Kind, LoadError, LoadPki,
    assault::{
        ENDLESS_HELLO, HOLD, drip, hello, one_octet_records, slow_certificate, slow_reader,
        slow_request, stalled, until_closed,
    },
};

/// Between attempts of one attacker, so that the attack is bounded.
const BREATH: Duration = Duration::from_millis(20);

/// The same where it is not to be any slower than the server.
const HASTE: Duration = Duration::from_millis(5);
/// Addresses of attackers, at the most.
const ADDRESSES: usize = 24;

type Attempt = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// One way to exhaust a server.
pub struct Attack {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// How attempts follow each other.
    pub manner: Manner,
    attempt: fn(Arc<Means>) -> Attempt,
}

/// How the attempts of an attack follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// At the pace that is asked for, from a few addresses.
    Patient,
    /// The same, but an attempt is let in and makes the server work for many answers, so that
    /// few attempts are much.
    Demanding,
    /// From many addresses, and anew whenever the server has ended an attempt.
    Restless,
}

impl Manner {
    /// As a small botnet has, or a larger one.
    const fn addresses(self) -> usize {
        match self {
            Self::Patient | Self::Demanding => 4,
            Self::Restless => ADDRESSES,
        }
    }
}

/// How hard attackers press.
#[derive(Clone, Copy, Debug)]
pub struct Pressure {
    /// How many there are.
    pub attackers: usize,
    /// How long each waits between two attempts.
    pub breath: Duration,
    /// For how many answers those ask who read none: enough to fill what the system buffers.
    pub unread: usize,
    /// Whether they call from the address of the caller, or from addresses of their own.
    pub from_caller: bool,
}

/// What attackers have at hand.
struct Means {
    unread: usize,
    nobody: Caller,
    client: Caller,
    oversized: Caller,
}

/// Every attack.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "half-open",
        summary: "connects and says nothing",
        manner: Manner::Patient,
        attempt: |means| Box::pin(async move { until_closed(means.nobody.connect().await?).await }),
    },
    Attack {
        name: "slow-hello",
        summary: "sends a ClientHello octet by octet",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                let hello = hello(&means.nobody)?;
                drip(means.nobody.connect().await?, &hello).await
            })
        },
    },
    Attack {
        name: "stalled-handshake",
        summary: "sends a ClientHello and nothing after it",
        manner: Manner::Patient,
        attempt: |means| Box::pin(async move { stalled(&means.nobody).await }),
    },
    Attack {
        name: "stalled-crowd",
        summary: "the same from many addresses, and anew as soon as it is thrown out",
        manner: Manner::Restless,
        attempt: |means| Box::pin(async move { stalled(&means.nobody).await }),
    },
    Attack {
        name: "slow-certificate",
        summary: "sends its certificate octet by octet",
        manner: Manner::Patient,
        attempt: |means| Box::pin(async move { slow_certificate(&means.client).await }),
    },
    Attack {
        name: "slow-header",
        summary: "is let in, and sends the head of a request octet by octet",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                let head = format!("GET /whoami HTTP/1.1\r\nHost: {}", "x".repeat(4_096));
                slow_request(&means.client, b"", head.as_bytes()).await
            })
        },
    },
    Attack {
        name: "slow-body",
        summary: "is let in, and sends the body of a request octet by octet",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                let head =
                    b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4096\r\n\r\n";
                slow_request(&means.client, head, &[b'x'; 4_096]).await
            })
        },
    },
    Attack {
        name: "half-body",
        summary: "is let in, and sends half of a large body and nothing after it",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                let head =
                    b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
                let half = [&head[..], &[b'x'; 500_000]].concat();
                slow_request(&means.client, &half, b"").await
            })
        },
    },
    Attack {
        name: "slow-reader",
        summary: "is let in, asks for much, and reads nothing",
        manner: Manner::Demanding,
        attempt: |means| Box::pin(async move { slow_reader(&means.client, means.unread).await }),
    },
    Attack {
        name: "one-octet-records",
        summary: "sends a ClientHello in records of one octet",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                let records = one_octet_records(&hello(&means.nobody)?);
                let mut stream = means.nobody.connect().await?;
                stream.write_all(&records).await?;
                until_closed(stream).await
            })
        },
    },
    Attack {
        name: "endless-hello",
        summary: "begins a handshake message of the largest size, in records of one octet",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                let mut stream = means.nobody.connect().await?;
                stream.write_all(&ENDLESS_HELLO).await?;
                until_closed(stream).await
            })
        },
    },
    Attack {
        name: "oversized-certificate",
        summary: "shows a certificate larger than allowed",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                means.oversized.visit(HOLD).await;
                Ok(())
            })
        },
    },
    Attack {
        name: "alert-flood",
        summary: "sends a ClientHello, and then warnings without end",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                let mut stream = means.nobody.connect().await?;
                stream.write_all(&hello(&means.nobody)?).await?;
                // RFC 8446 section 6: an alert record, level warning, user_canceled.
                let warning = [21, 3, 3, 0, 2, 1, 90];
                loop {
                    stream.write_all(&warning.repeat(64)).await?;
                }
            })
        },
    },
    Attack {
        name: "garbage",
        summary: "sends octets that are no TLS",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                let mut stream = means.nobody.connect().await?;
                stream.write_all(&[b'x'; 4_096]).await?;
                until_closed(stream).await
            })
        },
    },
    Attack {
        name: "connect-and-reset",
        summary: "connects, half the time says hello, and resets the connection",
        manner: Manner::Patient,
        attempt: |means| {
            Box::pin(async move {
                for with_hello in [false, true] {
                    let mut stream = means.nobody.connect().await?;
                    if with_hello {
                        stream.write_all(&hello(&means.nobody)?).await?;
                    }
                    stream.set_zero_linger()?;
                    drop(stream);
                }
                Ok(())
            })
        },
    },
];

/// Attackers at work. Dropping them ends the attack.
pub struct Attackers {
    _tasks: JoinSet<()>,
    attempts: Arc<AtomicU64>,
}

impl Attackers {
    /// Sets so many of them on the server that this caller calls. They call from
    /// addresses of their own.
    ///
    /// # Errors
    /// When the oversized certificate cannot be made.
    pub fn set_on(
        attacks: &[&'static Attack],
        count: usize,
        caller: &Caller,
        pki: &mut LoadPki,
    ) -> Result<Self, LoadError> {
        let pressure = Pressure {
            attackers: count,
            breath: BREATH,
            unread: 2_000,
            from_caller: false,
        };
        Self::press(attacks, pressure, caller, pki)
    }

    /// The same, with another pressure.
    ///
    /// # Errors
    /// As [`Attackers::set_on`].
    pub fn press(
        attacks: &[&'static Attack],
        pressure: Pressure,
        caller: &Caller,
        pki: &mut LoadPki,
    ) -> Result<Self, LoadError> {
        let Pressure {
            attackers: count,
            breath,
            unread,
            from_caller,
        } = pressure;
        let own = |number: usize| {
            if from_caller {
                return caller.from;
            }
            // 127.66.0.1 and so on.
            Ipv4Addr::new(127, 66, 0, u8::try_from(number).unwrap_or(0) + 1)
        };
        let (good, large) = (pki.issue(Kind::Client)?, pki.issue(Kind::Oversized)?);
        let with = |credentials: Option<&Credentials>, from: Ipv4Addr| {
            Caller::new(caller.server, pki.root(), credentials)
                .map(|caller| caller.calling_from(from))
        };
        let means = (0..ADDRESSES)
            .map(|number| {
                Ok(Arc::new(Means {
                    unread,
                    nobody: with(None, own(number))?,
                    client: with(Some(&good), own(number))?,
                    oversized: with(Some(&large), own(number))?,
                }))
            })
            .collect::<Result<Vec<_>, LoadError>>()?;
        let mut tasks = JoinSet::new();
        let attempts = Arc::new(AtomicU64::new(0));
        for (number, attack) in attacks.iter().copied().cycle().take(count).enumerate() {
            let means = Arc::clone(&means[number % attack.manner.addresses()]);
            let breath = match attack.manner {
                Manner::Patient | Manner::Demanding => breath,
                Manner::Restless => HASTE,
            };
            let attempts = Arc::clone(&attempts);
            // They do not all begin at once.
            let first = breath.mul_f64(number as f64 / count as f64);
            tasks.spawn(async move {
                sleep(first).await;
                loop {
                    attempts.fetch_add(1, Relaxed);
                    // However it ended, the next attempt is made.
                    let _ = timeout(HOLD, (attack.attempt)(Arc::clone(&means))).await;
                    sleep(breath).await;
                }
            });
        }
        Ok(Self {
            _tasks: tasks,
            attempts,
        })
    }

    /// Attempts begun so far.
    pub fn attempts(&self) -> u64 {
        self.attempts.load(Relaxed)
    }
}
