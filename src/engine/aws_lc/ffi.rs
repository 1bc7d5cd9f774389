//! Every call into AWS-LC, each behind an owner that frees what it got.
//!
//! The only file with `unsafe`. The `openssl` crate would hide it, and bring a
//! second, older AWS-LC; and it has no way to hand over CRLs from memory.

#![allow(
    unsafe_code,
    reason = "AWS-LC is a C library; this file is the whole surface"
)]

use std::{
    ffi::{CStr, c_char, c_int, c_long, c_ulong, c_void},
    marker::PhantomData,
    net::IpAddr,
    ptr::{self, NonNull},
};

use aws_lc_sys as sys;

/// Defines an owner of one C object: a non-null pointer, freed once when dropped.
macro_rules! owners {
    ($($(#[$doc:meta])* $name:ident($raw:ty) freed by $free:path;)*) => {
        $(
            $(#[$doc])*
            pub(super) struct $name(NonNull<$raw>);

            impl Drop for $name {
                fn drop(&mut self) {
                    // SAFETY: the pointer came from the library's own constructor or parser, which gave
                    // this value the one reference that is dropped here.
                    unsafe { $free(self.0.as_ptr()) }
                }
            }
        )*
    };
}

owners! {
    /// A parsed certificate.
    Certificate(sys::X509) freed by sys::X509_free;
    /// A parsed CRL.
    Crl(sys::X509_CRL) freed by sys::X509_CRL_free;
    /// A trust store.
    Store(sys::X509_STORE) freed by sys::X509_STORE_free;
    /// One verification in progress.
    Context(sys::X509_STORE_CTX) freed by sys::X509_STORE_CTX_free;
}

/// Bytes that the library does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    /// They are not what they should be, in the library's words.
    Malformed(String),
    /// So many bytes follow.
    TrailingData(usize),
}

impl Clone for Certificate {
    /// Another owner of the same parsed certificate.
    fn clone(&self) -> Self {
        // SAFETY: the certificate is live, and the reference that is counted here is the clone's to drop.
        unsafe { sys::X509_up_ref(self.0.as_ptr()) };
        Self(self.0)
    }
}

impl Certificate {
    pub(super) fn parse(der: &[u8]) -> Result<Self, ParseError> {
        // SAFETY: `d2i_X509` with a null `out` makes a new object that the caller owns, or returns null.
        let d2i = |input, length| unsafe { sys::d2i_X509(ptr::null_mut(), input, length) };
        parse(der, d2i, Self)
    }

    /// Whether the library sees it as issued by itself, by names and key identifiers.
    pub(super) fn is_self_issued(&self) -> bool {
        // SAFETY: both arguments are the same live certificate; the call keeps neither.
        unsafe { sys::X509_check_issued(self.0.as_ptr(), self.0.as_ptr()) == sys::X509_V_OK }
    }
}

impl Crl {
    pub(super) fn parse(der: &[u8]) -> Result<Self, ParseError> {
        // SAFETY: as for `d2i_X509`.
        let d2i = |input, length| unsafe { sys::d2i_X509_CRL(ptr::null_mut(), input, length) };
        parse(der, d2i, Self)
    }
}

fn parse<T, O>(
    der: &[u8],
    d2i: impl FnOnce(*mut *const u8, c_long) -> *mut T,
    own: impl FnOnce(NonNull<T>) -> O,
) -> Result<O, ParseError> {
    let too_long = || ParseError::Malformed("longer than the library can say".to_owned());
    let length = c_long::try_from(der.len()).map_err(|_| too_long())?;
    let mut input = der.as_ptr();
    // The parser moves `input` behind what it has read, which lies inside `der`.
    let parsed = NonNull::new(d2i(&mut input, length));
    let words = last_error();
    // Owned before anything else is looked at: what follows the element must not leak it.
    let parsed = own(parsed.ok_or(ParseError::Malformed(words))?);
    match der.len() - (input as usize - der.as_ptr() as usize) {
        0 => Ok(parsed),
        left => Err(ParseError::TrailingData(left)),
    }
}

/// The newest entry of the thread's error queue, which is then emptied.
fn last_error() -> String {
    // SAFETY: the queue is the thread's own. The string is null or static.
    unsafe {
        let code = sys::ERR_peek_last_error();
        let words = sys::ERR_reason_error_string(code);
        sys::ERR_clear_error();
        static_text(words)
    }
}

/// # Safety
/// `text` is null, or points to a string that lives for ever.
unsafe fn static_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, and the caller vouches for the rest.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

/// A stack that borrows its elements: freeing it frees none of them.
struct Stack<'e> {
    raw: NonNull<sys::OPENSSL_STACK>,
    elements: PhantomData<&'e ()>,
}

impl<'e> Stack<'e> {
    fn of<T: 'e>(elements: impl Iterator<Item = &'e NonNull<T>>) -> Option<Self> {
        // SAFETY: the constructor has no precondition; null means that memory ran out.
        let raw = NonNull::new(unsafe { sys::OPENSSL_sk_new_null() })?;
        let stack = Self {
            raw,
            elements: PhantomData,
        };
        for element in elements {
            // SAFETY: the stack is live, and the element lives as long as `'e`.
            let pushed =
                unsafe { sys::OPENSSL_sk_push(raw.as_ptr(), element.as_ptr().cast::<c_void>()) };
            if pushed == 0 {
                return None;
            }
        }
        Some(stack)
    }

    /// Typed stacks are this one under another name.
    fn typed<S>(&self) -> *mut S {
        self.raw.as_ptr().cast()
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `OPENSSL_sk_new_null` and freed once. Frees the array only.
        unsafe { sys::OPENSSL_sk_free(self.raw.as_ptr()) }
    }
}

/// Whom the end entity must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Identity<'n> {
    Host(&'n str),
    Email(&'n str),
    Address(IpAddr),
}

/// Everything that is set for one verification.
#[derive(Clone, Debug)]
pub(super) struct Settings<'n> {
    /// Seconds since 1970.
    pub(super) time: i64,
    /// `X509_PURPOSE_*`
    pub(super) purpose: c_int,
    /// `X509_TRUST_*`
    pub(super) trust: c_int,
    /// `X509_V_FLAG_*`
    pub(super) flags: c_int,
    pub(super) depth: Option<c_int>,
    pub(super) identity: Option<Identity<'n>>,
    /// Takes every signature of a certificate or CRL for good.
    pub(super) ignore_signatures: bool,
}

/// Why there is no acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// `X509_V_ERR_*`
    Refused(c_int),
    /// The library does not take this name.
    BadIdentity,
    /// The library could not set up the verification.
    Setup,
}

/// `X509_verify_cert` on these anchors, this chain (end entity first) and these CRLs.
pub(super) fn verify(
    anchors: &[Certificate],
    chain: &[Certificate],
    crls: &[Crl],
    settings: &Settings<'_>,
) -> Result<(), Failure> {
    let (end_entity, others) = chain.split_first().ok_or(Failure::Setup)?;
    let store = store(anchors)?;
    // Both stacks are made before the context and so dropped after it.
    let untrusted =
        Stack::of(others.iter().map(|certificate| &certificate.0)).ok_or(Failure::Setup)?;
    let listed = Stack::of(crls.iter().map(|crl| &crl.0)).ok_or(Failure::Setup)?;

    // SAFETY: the constructor has no precondition; null means that memory ran out.
    let context = NonNull::new(unsafe { sys::X509_STORE_CTX_new() })
        .map(Context)
        .ok_or(Failure::Setup)?;
    let raw = context.0.as_ptr();
    // SAFETY: the context borrows store, end entity and stacks, all of which outlive it:
    // locals are dropped in reverse order, and `context` was made last.
    let set = unsafe {
        sys::X509_STORE_CTX_init(
            raw,
            store.0.as_ptr(),
            end_entity.0.as_ptr(),
            untrusted.typed::<sys::stack_st_X509>(),
        )
    };
    if set != 1 {
        return Err(Failure::Setup);
    }
    if !crls.is_empty() {
        // SAFETY: as above; the context does not take over the stack.
        unsafe { sys::X509_STORE_CTX_set0_crls(raw, listed.typed::<sys::stack_st_X509_CRL>()) }
    }
    apply(&context, settings)?;

    // SAFETY: the context is set up and has verified nothing yet.
    let answer = unsafe { sys::X509_verify_cert(raw) };
    // SAFETY: reads a field of a live context.
    let code = unsafe { sys::X509_STORE_CTX_get_error(raw) };
    // SAFETY: the queue is the thread's own.
    unsafe { sys::ERR_clear_error() }
    if answer == 1 {
        Ok(())
    } else {
        Err(Failure::Refused(code))
    }
}

fn store(anchors: &[Certificate]) -> Result<Store, Failure> {
    // SAFETY: the constructor has no precondition; null means that memory ran out.
    let store = NonNull::new(unsafe { sys::X509_STORE_new() })
        .map(Store)
        .ok_or(Failure::Setup)?;
    for anchor in anchors {
        // SAFETY: both are live; the store takes a reference of its own.
        if unsafe { sys::X509_STORE_add_cert(store.0.as_ptr(), anchor.0.as_ptr()) } != 1 {
            return Err(Failure::Setup);
        }
    }
    Ok(store)
}

fn apply(context: &Context, settings: &Settings<'_>) -> Result<(), Failure> {
    let done = |answer: c_int, failure| if answer == 1 { Ok(()) } else { Err(failure) };
    // SAFETY: the parameters belong to the live, initialised context and are used only in this function.
    // Strings are passed with their lengths and copied by the library.
    unsafe {
        let param = sys::X509_STORE_CTX_get0_param(context.0.as_ptr());
        sys::X509_VERIFY_PARAM_set_time_posix(param, settings.time);
        done(
            sys::X509_VERIFY_PARAM_set_purpose(param, settings.purpose),
            Failure::Setup,
        )?;
        done(
            sys::X509_VERIFY_PARAM_set_trust(param, settings.trust),
            Failure::Setup,
        )?;
        done(
            sys::X509_VERIFY_PARAM_set_flags(param, settings.flags as c_ulong),
            Failure::Setup,
        )?;
        // RFC 5280 section 6.1.1 (c): any-policy, which is the empty set here. With no set at all this
        // library answers "out of memory" wherever a path requires explicit policies.
        let any_policy = Stack::of(std::iter::empty::<&NonNull<c_void>>()).ok_or(Failure::Setup)?;
        let set = sys::X509_VERIFY_PARAM_set1_policies(
            param,
            any_policy.typed::<sys::stack_st_ASN1_OBJECT>(),
        );
        done(set, Failure::Setup)?;
        if let Some(depth) = settings.depth {
            sys::X509_VERIFY_PARAM_set_depth(param, depth);
        }
        // RFC 9525 section 2: names stand in the subjectAltName and nowhere else.
        sys::X509_VERIFY_PARAM_set_hostflags(
            param,
            sys::X509_CHECK_FLAG_NEVER_CHECK_SUBJECT.unsigned_abs(),
        );
        match settings.identity {
            None => {}
            // The library takes a length of zero for text that ends with NUL, which a `str` does not.
            Some(Identity::Host("") | Identity::Email("")) => return Err(Failure::BadIdentity),
            Some(Identity::Host(name)) => done(
                sys::X509_VERIFY_PARAM_set1_host(param, name.as_ptr().cast(), name.len()),
                Failure::BadIdentity,
            )?,
            Some(Identity::Email(name)) => done(
                sys::X509_VERIFY_PARAM_set1_email(param, name.as_ptr().cast(), name.len()),
                Failure::BadIdentity,
            )?,
            Some(Identity::Address(address)) => {
                let octets = match address {
                    IpAddr::V4(address) => address.octets().to_vec(),
                    IpAddr::V6(address) => address.octets().to_vec(),
                };
                done(
                    sys::X509_VERIFY_PARAM_set1_ip(param, octets.as_ptr(), octets.len()),
                    Failure::BadIdentity,
                )?;
            }
        }
        if settings.ignore_signatures {
            sys::X509_STORE_CTX_set_verify_cb(context.0.as_ptr(), Some(take_every_signature));
        }
    }
    Ok(())
}

/// Turns bad signatures, and nothing else, into good ones. `X509_STORE_set_verify`
/// would also drop the check of time.
///
/// # Safety
/// Called by the library alone, with the context of the verification under way.
unsafe extern "C" fn take_every_signature(ok: c_int, context: *mut sys::X509_STORE_CTX) -> c_int {
    // SAFETY: reads a field of the context that the library has just passed.
    let code = unsafe { sys::X509_STORE_CTX_get_error(context) };
    let signature = matches!(
        code,
        sys::X509_V_ERR_CERT_SIGNATURE_FAILURE | sys::X509_V_ERR_CRL_SIGNATURE_FAILURE
    );
    c_int::from(ok == 1 || signature)
}

/// The library's words for an `X509_V_ERR_*`.
pub(super) fn error_text(code: c_int) -> String {
    // SAFETY: the function takes any number and returns a static string.
    unsafe { static_text(sys::X509_verify_cert_error_string(c_long::from(code))) }
}

/// The version that the library gives of itself: `OpenSSL 1.1.1 (compatible; AWS-LC 5.12.0)`.
pub(super) fn version_text() -> String {
    // SAFETY: returns a static string for this constant.
    unsafe { static_text(sys::OpenSSL_version(sys::OPENSSL_VERSION)) }
}
