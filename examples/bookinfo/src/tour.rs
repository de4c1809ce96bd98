//! The tour: stages in order, each with what was applied, what requests met, and why.

use std::fmt;

use crate::{
    stages,
    town::{Town, TownError},
};

/// One stage of the tour.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// Its number, from 1.
    pub number: u32,
    /// What it shows.
    pub title: &'static str,
    /// The files of `stages/` that it applies.
    pub files: &'static [&'static str],
}

/// What a stage showed.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// What requests met, a line each.
    pub met: Vec<String>,
    /// Why: the explanation of one decision.
    pub why: String,
}

/// What a stage found to be otherwise than it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// Something was met that should not have been.
    #[error("expected {expected}, met {met}")]
    Differs {
        /// What the stage is about.
        expected: String,
        /// What came instead.
        met: String,
    },
    /// The stage's YAML cannot be read.
    #[error(transparent)]
    Town(#[from] TownError),
}

impl StageError {
    /// An error with both sides.
    pub fn differs(expected: impl fmt::Display, met: impl fmt::Debug) -> Self {
        Self::Differs { expected: expected.to_string(), met: format!("{met:?}") }
    }
}

/// Whether a stage's YAML is applied; a test withholds it to see the stage fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yaml {
    /// It is applied.
    Applied,
    /// It is not.
    Withheld,
}

impl Stage {
    /// Sets the town up and plays the stage.
    ///
    /// # Errors
    /// [`StageError`] says what differs.
    pub async fn play(&self, town: &Town, yaml: Yaml) -> Result<Account, StageError> {
        town.mood().fail(0);
        town.mood().delay(0);
        match (yaml, self.number) {
            (Yaml::Applied, _) => drop(town.reset(self.files)?),
            // The first stage has no YAML but the mesh's own.
            (Yaml::Withheld, 1) => town.clear(),
            // The eleventh has the labels of the Pods.
            (Yaml::Withheld, 11) => drop(town.reset_without_tls()?),
            (Yaml::Withheld, _) => drop(town.reset(&[])?),
        }
        match self.number {
            1 => stages::traffic::spread(town).await,
            2 => stages::traffic::all_v1(town).await,
            3 => stages::traffic::jason(town).await,
            4 => stages::traffic::canary(town).await,
            5 => stages::failure::faults(town).await,
            6 => stages::failure::retries(town).await,
            7 => stages::reach::external_host(town, yaml).await,
            8 => stages::reach::sidecar(town).await,
            9 => stages::change::broken(town, yaml).await,
            10 => stages::change::reloads(town, yaml).await,
            11 => stages::identity::mutual_tls(town).await,
            12 => stages::identity::strict(town, self.files).await,
            13 => stages::identity::impostor(town, yaml).await,
            14 => stages::policy::authorization(town).await,
            15 => stages::rotation::rotation(town, yaml).await,
            16 => stages::policy::broken(town, yaml).await,
            17 => stages::policy::observed(town).await,
            18 => stages::edge::ingress(town, self.files, yaml).await,
            19 => stages::edge_egress::egress(town, self.files, yaml).await,
            20 => stages::edge::delegate(town, self.files, yaml).await,
            _ => stages::edge_tcp::by_server_name(town, self.files, yaml).await,
        }
    }
}

/// The stages in order.
pub const STAGES: &[Stage] = &[
    Stage { number: 1, title: "no rules: reviews spreads over its versions", files: &[] },
    Stage { number: 2, title: "everything to v1", files: &["02-all-v1.yaml"] },
    Stage { number: 3, title: "jason sees v2", files: &["03-jason-v2.yaml"] },
    Stage { number: 4, title: "a canary: 80/20 between v1 and v3", files: &["04-canary.yaml"] },
    Stage {
        number: 5,
        title: "a delay and an abort for jason",
        files: &["03-jason-v2.yaml", "05-faults.yaml"],
    },
    Stage { number: 6, title: "a timeout and retries around ratings", files: &["06-retries.yaml"] },
    Stage {
        number: 7,
        title: "an external host, and unknown hosts by policy",
        files: &["07-service-entry.yaml"],
    },
    Stage {
        number: 8,
        title: "a Sidecar narrows what productpage sees",
        files: &["08-sidecar.yaml"],
    },
    Stage {
        number: 9,
        title: "a broken VirtualService is refused, the last good one stays",
        files: &["02-all-v1.yaml"],
    },
    Stage { number: 10, title: "200 reloads under load", files: &["10-generation.yaml"] },
    Stage { number: 11, title: "every call is mutual TLS; plaintext still works", files: &[] },
    Stage {
        number: 12,
        title: "STRICT: plaintext and another trust domain are refused",
        files: &["12-strict.yaml"],
    },
    Stage { number: 13, title: "secure naming: an impostor is not talked to", files: &[] },
    Stage { number: 14, title: "who may call whom", files: &["14-authorization.yaml"] },
    Stage { number: 15, title: "certificates change every second under load", files: &[] },
    Stage {
        number: 16,
        title: "broken policies: the last good one stays, or all is closed",
        files: &["16-policies.yaml"],
    },
    Stage {
        number: 17,
        title: "observe only: nothing is refused, and it is said who would be",
        files: &["17-observe.yaml"],
    },
    Stage {
        number: 18,
        title: "an ingress gateway: TLS by server name, a certificate that changes",
        files: &["18-ingress.yaml"],
    },
    Stage {
        number: 19,
        title: "an egress gateway to an external host",
        files: &["19-egress.yaml"],
    },
    Stage {
        number: 20,
        title: "a VirtualService that delegates to teams",
        files: &["20-delegate.yaml"],
    },
    Stage {
        number: 21,
        title: "TCP by server name, which nobody on the way opens",
        files: &["21-tcp-by-sni.yaml"],
    },
];
