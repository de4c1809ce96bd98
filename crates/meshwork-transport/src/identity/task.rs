//! The task that asks for certificates.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use meshwork_identity::{
    Purpose, RotationStep, SvidSource, TrustBundles, X509Context, tls::TlsIdentity,
};
use rustls_pki_types::UnixTime;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, timeout};

use super::{IdentityError, IdentityOptions, IdentityStatus, Shared};

/// Asks until a first certificate is there or the time is over; the last failure then.
pub(super) async fn first(
    source: &impl SvidSource,
    shared: &Shared,
    options: &IdentityOptions,
) -> Option<IdentityError> {
    let deadline = Instant::now() + options.start_timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let failure = attempt(source, shared, options, left).await.err()?;
        let pause = pause(shared).min(MAX_PAUSE);
        if Instant::now() + pause >= deadline {
            return Some(failure);
        }
        sleep(pause).await;
    }
}

/// Keeps the identity fresh until it is dropped.
pub(super) async fn run(source: impl SvidSource, shared: Weak<Shared>, options: IdentityOptions) {
    let poll = source.poll_interval();
    loop {
        let wait = {
            let Some(shared) = shared.upgrade() else { return };
            let due = pause(&shared);
            poll.map_or(due, |interval| interval.max(SHORTEST_POLL)).min(MAX_PAUSE)
        };
        // Short sleeps, so that a step of the clock is noticed.
        sleep(wait).await;
        let Some(shared) = shared.upgrade() else { return };
        let due = shared.rotation().step(OffsetDateTime::now_utc()) == RotationStep::Renew;
        if due || poll.is_some() {
            // What went wrong is in the status, and the next attempt comes in any case.
            let _ = attempt(&source, &shared, &options, options.fetch_timeout).await;
        }
    }
}

/// How long until the rotation wants something.
fn pause(shared: &Shared) -> Duration {
    let now = OffsetDateTime::now_utc();
    match shared.rotation().step(now) {
        RotationStep::Wait(until) => Duration::try_from(until - now).unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

async fn attempt(
    source: &impl SvidSource,
    shared: &Shared,
    options: &IdentityOptions,
    limit: Duration,
) -> Result<(), IdentityError> {
    let limit = limit.min(options.fetch_timeout);
    let fetched = match timeout(limit, source.fetch(OffsetDateTime::now_utc())).await {
        Ok(fetched) => fetched.map_err(IdentityError::from),
        Err(_) => Err(IdentityError::TimedOut(limit.as_secs())),
    };
    // What is looked at again and again is the same most of the time; what is renewed is not.
    let renews = source.poll_interval().is_none();
    let taken = fetched.and_then(|context| take(context, shared, options, renews));
    if let Err(error) = &taken {
        tracing::warn!(%error, "no new certificate; the former one stays in force");
        shared.rotation().failed(OffsetDateTime::now_utc());
        let failure = error.to_string().into();
        shared.status.send_modify(|status| status.failure = Some(failure));
    }
    taken
}

/// Puts a certificate in force, if peers would take it.
fn take(
    mut context: X509Context,
    shared: &Shared,
    options: &IdentityOptions,
    renews: bool,
) -> Result<(), IdentityError> {
    context.bundles = options.aliases.iter().cloned().fold(context.bundles, TrustBundles::alias);
    context.bundles =
        options.federated.iter().cloned().fold(context.bundles, TrustBundles::federate);
    let current = shared.publisher.current();
    let known = current.as_ref().as_ref().is_some_and(|known| *known.context() == context);
    if known && renews {
        return Err(IdentityError::Unchanged);
    }
    let not_after = context.svid.not_after();
    if !known {
        if let Some(expected) = &options.expected
            && expected != context.svid.id()
        {
            let found = context.svid.id().clone();
            return Err(IdentityError::Other { found, expected: expected.clone() });
        }
        let identity = TlsIdentity::new(context, Arc::clone(&options.provider))?;
        check(&identity)?;
        shared.publisher.publish(Some(identity));
    }
    let now = OffsetDateTime::now_utc();
    let mended = shared.status.borrow().failure.is_some();
    if !known || mended {
        shared.rotation().renewed(now, not_after, fastrand::f64());
        shared.status.send_modify(|status| {
            *status = IdentityStatus {
                generation: status.generation + u64::from(!known),
                not_after: Some(not_after),
                failure: None,
            };
        });
    }
    Ok(())
}

/// Looks at the certificate as a peer with the same roots would.
fn check(identity: &TlsIdentity) -> Result<(), IdentityError> {
    let Some((leaf, intermediates)) = identity.context().svid.chain().split_first() else {
        return Ok(());
    };
    for purpose in [Purpose::Server, Purpose::Client] {
        identity.verify(purpose, leaf, intermediates, UnixTime::now())?;
    }
    Ok(())
}

/// The longest sleep.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The shortest time between two looks at files.
const SHORTEST_POLL: Duration = Duration::from_millis(10);
