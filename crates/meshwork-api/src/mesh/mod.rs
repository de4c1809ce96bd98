//! MeshConfig: what holds for the whole mesh (`istio.mesh.v1alpha1`).

mod connection_settings;
mod control;
mod log_providers;
mod mesh_config;
mod networks;
mod providers;
mod proxy_config;
mod proxy_headers;
mod tracing;
mod tracing_providers;
mod traffic;

pub use connection_settings::{
    ConnectionProfile, ConnectionSettings, HeadersWithUnderscoresAction,
    PathWithEscapedSlashesAction,
};
pub use control::{
    Ca, Certificate, CertificateData, CertificateSource, ConfigSource, DefaultProviders,
    SubscribedResource, TlsConfig, TlsProtocol,
};
pub use log_providers::{
    EnvoyFileAccessLogProvider, EnvoyHttpGrpcV3LogProvider, EnvoyOpenTelemetryLogProvider,
    EnvoyTcpGrpcV3LogProvider, FileLogFormat, FileLogFormatKind, OpenTelemetryLogFormat,
};
pub use mesh_config::{AccessLogEncoding, H2UpgradePolicy, IngressControllerMode, MeshConfig};
pub use networks::{
    IstioNetworkGateway, MeshNetworks, Network, NetworkEndpoints, NetworkEndpointsKind,
    NetworkGatewayAddress,
};
pub use providers::{
    EnvoyExternalAuthorizationGrpcProvider, EnvoyExternalAuthorizationHttpProvider,
    EnvoyExternalAuthorizationRequestBody, ExtensionProvider, PrometheusMetricsProvider, Provider,
    SdsProvider,
};
pub use proxy_config::{
    AuthenticationPolicy, ClusterName, CryptoMb, ForwardClientCertDetails, InboundInterceptionMode,
    PrivateKeyProvider, PrivateKeyProviderKind, ProxyConfig, ProxyProtocolConfiguration,
    ProxyStatsMatcher, Qat, RemoteService, Sds, Topology, TracingServiceName,
};
pub use proxy_headers::{
    AttemptCountHeader, EnvoyDebugHeaders, MetadataExchangeHeaders, MetadataExchangeMode,
    ProxyHeaders, RequestIdHeader, ServerHeader, SetCurrentClientCertDetails, XForwardedHost,
    XForwardedPort,
};
pub use tracing::{
    CustomTag, CustomTagType, Datadog, Environment, Lightstep, Literal, OpenCensusAgent,
    RequestHeader, Stackdriver, TraceContext, Tracer, Tracing, Zipkin,
};
pub use tracing_providers::{
    DatadogTracingProvider, DynatraceApi, DynatraceResourceDetector, DynatraceSampler,
    EnvironmentResourceDetector, GrpcService, HeaderValue, HttpHeader, HttpService,
    LightstepTracingProvider, OpenCensusAgentTracingProvider, OpenCensusTraceContext,
    OpenTelemetryTracingProvider, ResourceDetectors, ServiceAttributeEnrichment,
    SkyWalkingTracingProvider, StackdriverLogging, StackdriverProvider, TraceContextOption,
    ZipkinTracingProvider,
};
pub use traffic::{
    DefaultTrafficPolicy, InboundTrafficPolicy, InboundTrafficPolicyMode, LabelSelector,
    LabelSelectorRequirement, NormalizationType, OutboundTrafficPolicy, OutboundTrafficPolicyMode,
    ProxyPathNormalization, ServiceEntryVisibility, ServiceScope, ServiceScopeConfigs,
    ServiceSettings, ServiceSettingsValues, Visibility, VisibilityMatchRule, VisibilityPolicy,
};
