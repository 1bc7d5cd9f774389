//! What a person writes: paths and choices, as TOML.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    openapi::{Document, MAX_DOCUMENT},
    spelling::with_nearest,
    validator::{ParsedCrl, Profile},
};

use super::{
    clock::Clock,
    config::{MinimumVersion, ServerConfig},
    error::ServerError,
    fetch::{FetchLimits, Kept},
    file,
    limit::Limits,
    roles::Roles,
    scrutiny::{Origin, Origins},
    stamp::Stamp,
    trust::{ClientAuth, Policy, RevocationRule, Trust},
};

/// The most octets of a configuration file.
const LARGEST: u64 = 1 << 20;

/// The configuration file. Paths are relative to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Where to listen.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Where to answer `/healthz` and `/metrics` in plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_listen: Option<SocketAddr>,
    /// Whether that may be another address than one of the loopback.
    #[serde(default)]
    pub status_beyond_loopback: bool,
    /// The server's certificate chain, its own certificate first. PEM.
    pub certificate: PathBuf,
    /// The server's private key. PEM, readable by its owner only.
    pub key: PathBuf,
    /// The CAs whose clients are let in. PEM.
    pub client_ca: Vec<PathBuf>,
    /// CAs between those and the clients, whose CRLs are given. PEM. They are not trusted
    /// for being here. The server's own chain counts as well.
    #[serde(default)]
    pub client_intermediate: Vec<PathBuf>,
    /// The CRLs of every CA in a client's chain. PEM or DER.
    #[serde(default)]
    pub crl: Vec<PathBuf>,
    /// OCSP responses for clients and CAs. DER.
    #[serde(default)]
    pub ocsp: Vec<PathBuf>,
    /// Where CRLs are fetched from, in PEM or DER. Nothing that a certificate names is ever fetched.
    #[serde(default)]
    pub crl_url: Vec<String>,
    /// Where OCSP responses are fetched from: ready-made ones in DER, by GET.
    #[serde(default)]
    pub ocsp_url: Vec<String>,
    /// What is asked beyond RFC 5280: `strict-mtls`, `webpki` or `rfc5280`.
    #[serde(default = "default_profile")]
    pub profile: String,
    /// `required`, `if-present` or `off`.
    #[serde(default)]
    pub revocation: RevocationRule,
    /// `required` or `optional`.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// `1.3` or `1.2`.
    #[serde(default)]
    pub minimum_version: MinimumVersion,
    /// How long a ticket may stand for a full handshake, in seconds, at most 604,800. 0 mints none.
    #[serde(default = "default_resumption")]
    pub resumption_seconds: u64,
    /// An OpenAPI 3.1 document whose operations are served and guarded. JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi: Option<PathBuf>,
    /// Who holds the roles that the document names.
    #[serde(default)]
    pub roles: Roles,
    /// What clients may cost.
    #[serde(default)]
    pub limits: Limits,
    /// What fetching may cost.
    #[serde(default)]
    pub fetch: FetchLimits,
    /// The configuration file itself, to be read again with the rest.
    #[serde(skip)]
    source: Option<PathBuf>,
    /// What was said beside the file, and stands when it is read again.
    #[serde(skip)]
    beside: Beside,
    #[serde(skip)]
    kept: Kept,
}

/// Addresses that replace those of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Beside {
    listen: Option<SocketAddr>,
    status_listen: Option<SocketAddr>,
    status_beyond_loopback: bool,
}

/// 127.0.0.1:8443.
fn default_listen() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443)
}

fn default_profile() -> String {
    Policy::default().profile.name
}

/// One hour.
fn default_resumption() -> u64 {
    3600
}

impl Settings {
    /// The least that a server needs; the rest as by default.
    pub fn new(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
        client_ca: Vec<PathBuf>,
    ) -> Self {
        Self {
            listen: default_listen(),
            status_listen: None,
            status_beyond_loopback: false,
            certificate: certificate.into(),
            key: key.into(),
            client_ca,
            client_intermediate: Vec::new(),
            crl: Vec::new(),
            ocsp: Vec::new(),
            crl_url: Vec::new(),
            ocsp_url: Vec::new(),
            profile: default_profile(),
            revocation: RevocationRule::default(),
            client_auth: ClientAuth::default(),
            minimum_version: MinimumVersion::default(),
            resumption_seconds: default_resumption(),
            openapi: None,
            roles: Roles::default(),
            limits: Limits::default(),
            fetch: FetchLimits::default(),
            source: None,
            beside: Beside::default(),
            kept: Kept::default(),
        }
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or says something unknown.
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let text = file::read_text(path, LARGEST)?;
        let mut settings = Self::from_toml(&text)
            .map_err(|words| ServerError::Settings(format!("{}, {words}", path.display())))?;
        settings.resolve(path.parent().unwrap_or(Path::new("")));
        settings.source = Some(path.to_owned());
        Ok(settings)
    }

    /// The same with other addresses than the file names, also when it is read again.
    pub fn listen_instead(
        &mut self,
        listen: Option<SocketAddr>,
        status_listen: Option<SocketAddr>,
        status_beyond_loopback: bool,
    ) {
        self.listen = listen.unwrap_or(self.listen);
        self.status_listen = status_listen.or(self.status_listen);
        self.status_beyond_loopback |= status_beyond_loopback;
        self.beside = Beside {
            listen,
            status_listen,
            status_beyond_loopback,
        };
    }

    /// Reads the text of a configuration. Paths stay as they are written.
    ///
    /// # Errors
    /// One line that begins with the number of the line at fault.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(0, |span| crate::spelling::line_at(text, span.start));
            let message = with_nearest(error.message());
            let message = message.lines().next().unwrap_or_default();
            format!("line {line}: {message}")
        })
    }

    /// The text of a configuration, with every option.
    ///
    /// # Errors
    /// One line, when a path is not Unicode or a number has no form in TOML.
    pub fn to_toml(&self) -> Result<String, String> {
        toml::to_string(self).map_err(|error| error.to_string().replace('\n', " "))
    }

    /// The same as its file says it now; unchanged when it came from no file.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub(crate) fn read_again(self: &Arc<Self>) -> Result<Arc<Self>, ServerError> {
        let Some(path) = &self.source else {
            return Ok(Arc::clone(self));
        };
        let mut again = Self::read(path)?;
        again.kept = self.kept.clone();
        let beside = self.beside;
        again.listen_instead(
            beside.listen,
            beside.status_listen,
            beside.status_beyond_loopback,
        );
        Ok(Arc::new(again))
    }

    /// What was fetched so far.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Whether anything is fetched, and how often.
    pub(crate) fn refresh(&self) -> Option<Duration> {
        let any = !self.crl_url.is_empty() || !self.ocsp_url.is_empty();
        any.then(|| Duration::from_secs(self.fetch.refresh_seconds.max(1)))
    }

    fn resolve(&mut self, folder: &Path) {
        let single = [&mut self.certificate, &mut self.key];
        let many = self
            .client_ca
            .iter_mut()
            .chain(&mut self.client_intermediate)
            .chain(&mut self.crl)
            .chain(&mut self.ocsp)
            .chain(&mut self.fetch.ca)
            .chain(&mut self.openapi);
        for path in single.into_iter().chain(many) {
            *path = folder.join(&*path);
        }
    }

    /// Every file that is read, the configuration file among them.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.certificate, &self.key]
            .into_iter()
            .chain(&self.source)
            .chain(&self.client_ca)
            .chain(&self.client_intermediate)
            .chain(&self.crl)
            .chain(&self.ocsp)
            .chain(&self.fetch.ca)
            .chain(&self.openapi)
            .map(PathBuf::as_path)
    }

    /// Reads every file, fetches every URL, and checks each by itself. It blocks.
    ///
    /// # Errors
    /// The first file that is missing, empty, garbage, or readable by the wrong people, or
    /// URL that does not answer and never did.
    pub fn load(self: &Arc<Self>, clock: Clock) -> Result<ServerConfig, ServerError> {
        let profile = Profile::named(&self.profile).ok_or_else(|| {
            ServerError::UnknownProfile(self.profile.clone(), Profile::NAMES.join(", "))
        })?;
        let stamps = Stamp::of_all(self);
        let credentials = file::read_credentials(&self.certificate, &self.key)?;
        // Where the server's certificate comes from, its clients' may come from too.
        let intermediates = credentials.chain.iter().skip(1);
        let mut trust = Trust {
            intermediates: intermediates.map(|der| der.to_vec()).collect(),
            time: clock,
            ..Trust::default()
        };
        let (mut origins, mut read) = (Origins::default(), Vec::new());
        for path in &self.client_ca {
            let anchors = file::read_certificates(path, file::LARGEST_BUNDLE)?;
            origins
                .anchors
                .extend(Origin::of(&path.display(), anchors.len()));
            trust
                .anchors
                .extend(anchors.into_iter().map(|der| der.to_vec()));
        }
        for path in &self.client_intermediate {
            let intermediates = file::read_certificates(path, file::LARGEST_BUNDLE)?;
            trust
                .intermediates
                .extend(intermediates.into_iter().map(|der| der.to_vec()));
        }
        for path in &self.crl {
            let crls = file::read_crls(path)?;
            origins.crls.extend(Origin::of(&path.display(), crls.len()));
            read.extend(crls);
        }
        for path in &self.ocsp {
            origins.ocsp.extend(Origin::of(&path.display(), 1));
            trust.ocsp.push(file::read_ocsp(path)?);
        }
        self.fetch_evidence(&mut trust, &mut read, &mut origins)?;
        trust.crls = read.iter().map(|crl| crl.der().to_vec()).collect();
        let document = match &self.openapi {
            Some(path) => Some(Arc::new(
                Document::parse(&file::read_text(path, MAX_DOCUMENT as u64)?).map_err(|error| {
                    ServerError::OpenApi {
                        path: path.clone(),
                        detail: error.to_string(),
                    }
                })?,
            )),
            None => None,
        };
        let mut config = ServerConfig::new(credentials, trust);
        config.listen = self.listen;
        config.status_listen = self.status_listen;
        config.status_beyond_loopback = self.status_beyond_loopback;
        config.policy = Policy {
            revocation: self.revocation,
            client_auth: self.client_auth,
            ..Policy::new(profile)
        };
        config.minimum_version = self.minimum_version;
        config.limits = self.limits.clone();
        config.resumption =
            (self.resumption_seconds > 0).then(|| Duration::from_secs(self.resumption_seconds));
        config.document = document;
        config.roles = self.roles.clone();
        config.settings = Some(Arc::clone(self));
        config.origins = origins;
        config.read = read;
        config.stamps = stamps;
        Ok(config)
    }

    fn fetch_evidence(
        &self,
        trust: &mut Trust,
        read: &mut Vec<ParsedCrl>,
        origins: &mut Origins,
    ) -> Result<(), ServerError> {
        self.kept.begin_anew();
        let roots = match &self.fetch.ca {
            Some(path) => file::read_certificates(path, file::LARGEST_BUNDLE)?,
            None => Vec::new(),
        };
        let fetch = |url: &String| {
            self.kept
                .fetch(url, &self.fetch, &roots)
                .map_err(|source| ServerError::Fetch {
                    url: url.clone(),
                    source,
                })
        };
        for url in &self.crl_url {
            let crls = file::parse_crls(Path::new(url), &fetch(url)?)?;
            origins.crls.extend(Origin::of(url, crls.len()));
            read.extend(crls);
        }
        for url in &self.ocsp_url {
            origins.ocsp.extend(Origin::of(url, 1));
            trust
                .ocsp
                .push(file::parse_ocsp(Path::new(url), &fetch(url)?)?);
        }
        Ok(())
    }
}
