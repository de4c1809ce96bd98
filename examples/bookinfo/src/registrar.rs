//! Who gives the town's workloads their certificates.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use meshwork::identity::{
    AuthoritySource, CertificateAuthority, CertificateService, IssueError, SpiffeId, StaticTokens,
    SvidFuture, SvidSource, TrustBundle, TrustDomain, X509Context,
};
use time::OffsetDateTime;

/// A certificate authority, and who may ask it for what.
///
/// Each account has a token; whoever shows it with a request gets a certificate of that account
/// and of no other.
#[derive(Clone, Debug)]
pub struct Registrar {
    service: Arc<CertificateService>,
    trust_domain: TrustDomain,
    /// Grows when everybody is to have a new certificate.
    turn: Arc<AtomicU64>,
}

impl Registrar {
    /// An authority with a root of its own for these accounts.
    ///
    /// # Errors
    /// Where the root cannot be made.
    pub fn new(trust_domain: &TrustDomain, accounts: &[&str]) -> Result<Self, IssueError> {
        let now = OffsetDateTime::now_utc();
        let authority =
            CertificateAuthority::self_signed(trust_domain, now, time::Duration::days(10))?;
        let tokens = accounts
            .iter()
            .filter_map(|account| Some((token(account), identity(trust_domain, account)?)));
        let tokens =
            tokens.fold(StaticTokens::new(), |tokens, (token, id)| tokens.token(token, id));
        Ok(Self {
            service: Arc::new(CertificateService::new(authority, tokens)),
            trust_domain: trust_domain.clone(),
            turn: Arc::default(),
        })
    }

    /// Where a workload of this account gets its certificates; `None` for no account at all.
    pub fn source(&self, account: &str) -> Option<Renewing> {
        self.source_with(account, &token(account))
    }

    /// The same for one that shows another token.
    pub fn source_with(&self, account: &str, token: &str) -> Option<Renewing> {
        let id = identity(&self.trust_domain, account)?;
        let inner = AuthoritySource::new(Arc::clone(&self.service), id, token);
        Some(Renewing { inner, turn: Arc::clone(&self.turn), held: Mutex::default() })
    }

    /// The roots that peers of this authority's workloads trust.
    pub fn bundle(&self) -> Option<TrustBundle> {
        let root = self.service.authority().root().clone();
        TrustBundle::new(self.trust_domain.clone(), [root]).ok()
    }

    /// Gives everybody a new key and a new certificate at the next occasion.
    pub fn turn(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }
}

fn identity(trust_domain: &TrustDomain, account: &str) -> Option<SpiffeId> {
    format!("spiffe://{trust_domain}/ns/default/sa/{account}").parse().ok()
}

fn token(account: &str) -> String {
    format!("the token of {account}")
}

/// A source of certificates of one's own: it asks the authority when the registrar says so, and
/// when the certificate is half over.
#[derive(Debug)]
pub struct Renewing {
    inner: AuthoritySource,
    turn: Arc<AtomicU64>,
    held: Mutex<Option<(u64, X509Context)>>,
}

impl Renewing {
    /// Accepts peers of another trust domain too.
    #[must_use]
    pub fn federate(mut self, bundle: TrustBundle) -> Self {
        self.inner = self.inner.federate(bundle);
        self
    }

    fn held(&self, turn: u64, now: OffsetDateTime) -> Option<X509Context> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, context) = held.as_ref()?;
        let half = (context.svid.not_after() - context.svid.not_before()) / 2;
        (*of == turn && now < context.svid.not_before() + half).then(|| context.clone())
    }
}

impl SvidSource for Renewing {
    fn fetch(&self, now: OffsetDateTime) -> SvidFuture<'_> {
        Box::pin(async move {
            let turn = self.turn.load(Ordering::Relaxed);
            if let Some(held) = self.held(turn, now) {
                return Ok(held);
            }
            let context = self.inner.fetch(now).await?;
            let held = Some((turn, context.clone()));
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
            Ok(context)
        })
    }

    fn poll_interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(100))
    }
}
