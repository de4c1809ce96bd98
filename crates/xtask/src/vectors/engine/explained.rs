//! Explanations, held against decisions with every request of every scenario.

use std::{
    convert::Infallible,
    future::ready,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, StatusCode};
use meshwork_config::Snapshot;
use meshwork_core::{Attributes, Explanation, FieldPath, Outcome, RequestHead, SeededDraws};
use meshwork_routing::{ConnectionAction, ConnectionDecision, FirstBytes, HttpRoutes, RouteInput};
use meshwork_tower::{Body, ConnectionInfo, Direction};
use tower_service::Service;

use super::{
    stack::{Answer, Stack},
    vantage,
};

/// A stack whose requests are explained as well. One whose explanation names another winner than
/// the decision is answered with 599, which nothing that was recorded is.
#[derive(Clone, Debug)]
pub(super) struct Explained {
    stack: Stack,
    snapshot: Arc<Snapshot>,
    direction: Direction,
}

impl Explained {
    pub(super) fn new(stack: Stack, snapshot: Arc<Snapshot>, direction: Direction) -> Self {
        Self { stack, snapshot, direction }
    }

    /// What does not agree.
    fn disagreement(&self, request: &Request<Body>) -> Option<String> {
        let info = request.extensions().get::<Arc<ConnectionInfo>>()?;
        let (port, first) = (info.port()?, info.first_bytes);
        info.with_attributes(|connection| {
            let (decision, explanation) = self.connection(port, connection, first);
            compare(decision.rule.as_deref(), &explanation).or_else(|| {
                let ConnectionAction::Http(routes) = decision.action else { return None };
                route(&routes, request, connection)
            })
        })
    }

    fn connection(
        &self,
        port: u16,
        connection: &Attributes<'_>,
        first: FirstBytes,
    ) -> (ConnectionDecision, Explanation) {
        let (routes, draws) = (&self.snapshot.routes, SeededDraws::new(1));
        match self.direction {
            Direction::Outbound => (
                routes.outbound(connection, first, &draws),
                routes.explain_outbound(connection, first),
            ),
            Direction::Gateway => (
                routes.gateway(port, connection, first, &draws),
                routes.explain_gateway(port, connection, first),
            ),
            Direction::Inbound => {
                let mode = vantage::mode(&self.snapshot, port);
                (
                    routes.inbound(port, connection, first, mode),
                    routes.explain_inbound(port, connection, first, mode),
                )
            }
        }
    }
}

fn route(
    routes: &HttpRoutes,
    request: &Request<Body>,
    connection: &Attributes<'_>,
) -> Option<String> {
    let draws = SeededDraws::new(1);
    let input = RouteInput::new(RequestHead::from(request), connection, &draws);
    let decision = routes.route(&input);
    compare(decision.route.as_ref().map(|route| &route.rule), &routes.explain(&input))
}

/// Whether the explanation has one winner, which is `rule`, or none where there is none.
fn compare(rule: Option<&FieldPath>, explanation: &Explanation) -> Option<String> {
    let won = explanation.steps.iter().filter(|step| step.outcome == Outcome::Won);
    let won: Vec<_> = won.map(|step| &step.rule).collect();
    let agrees = match (won.as_slice(), rule) {
        ([], None) => true,
        ([one], Some(rule)) => *one == rule,
        // What no resource decides, the mesh's own settings do.
        ([one], None) => &*one.resource.kind == "MeshConfig",
        _ => false,
    };
    (!agrees).then(|| format!("{rule:?} is decided, and explained is {explanation}"))
}

impl Service<Request<Body>> for Explained {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let Some(disagreement) = self.disagreement(&request) else {
            return self.stack.call(request);
        };
        let mut answer = Response::new(Body::from(disagreement));
        *answer.status_mut() = StatusCode::from_u16(599).unwrap_or_default();
        Box::pin(ready(Ok(answer)))
    }
}
