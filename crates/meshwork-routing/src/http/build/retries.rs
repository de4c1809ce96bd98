//! `retries`, and what holds where it is not given.

use meshwork_api::networking::HttpRetry;

use crate::http::{AvoidPreviousHosts, Backoff, RetryConditions, RetryPolicy};

/// The policy of an entry or of the mesh; `None` for no retries at all.
///
/// Nothing that a policy leaves out is taken from the mesh's: the built-in defaults stand in.
pub(super) fn policy(
    retries: Option<&HttpRetry>,
    avoid_previous_hosts: AvoidPreviousHosts,
) -> Option<RetryPolicy> {
    let built_in = RetryPolicy { avoid_previous_hosts, ..RetryPolicy::built_in() };
    let Some(retries) = retries else { return Some(built_in) };
    let attempts = u32::try_from(retries.attempts).ok().filter(|attempts| *attempts > 0)?;
    let mut policy = RetryPolicy { attempts, ..built_in };
    if !retries.retry_on.is_empty() {
        let (conditions, codes) = RetryConditions::parse(&retries.retry_on);
        policy.conditions = conditions;
        policy.status_codes = codes.into();
    }
    policy.per_try_timeout = retries
        .per_try_timeout
        .filter(|timeout| !timeout.is_zero())
        .map(meshwork_api::Duration::as_std);
    if let Some(base) = retries.backoff.filter(|base| !base.is_zero()) {
        policy.backoff = Backoff::from_base(base.as_std());
    }
    if retries.retry_remote_localities == Some(true) {
        policy.avoid_previous_localities = Some(2);
    }
    match retries.retry_ignore_previous_hosts {
        Some(true) => policy.avoid_previous_hosts = AvoidPreviousHosts::Always,
        Some(false) => policy.avoid_previous_hosts = AvoidPreviousHosts::Never,
        None => {}
    }
    Some(policy)
}
