use http::Version;
use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Uri};

use super::host::{Host, InvalidHost};
use crate::client_address::{self, TrustedProxies};
use crate::layer::Refusal;
use crate::registry::Address;
use crate::tenant::{Slug, TenantId};

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The most names that `X-Forwarded-Host` may list; each may cost a look-up.
const FORWARDED_MAX: usize = 8;

/// Where to look for the tenant of a request. Without any source no request has a tenant.
///
/// ```
/// use tenancy_core::resolve::Sources;
///
/// let sources = Sources::new()
///     .subdomains_of("shops.example".parse()?)
///     .custom_domains()
///     .path_prefix("/t")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Sources {
    base_domain: Option<Host>,
    custom_domains: bool,
    path_prefix: Option<Box<str>>,
    header: Option<HeaderName>,
    credential: bool,
    forwarded_host: bool,
}

/// A path prefix that is no `/`-led path of plain segments.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a path prefix begins with a slash, ends without one, and has plain segments")]
pub struct InvalidPathPrefix;

/// What one request names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// Public addresses: each must find a tenant, and all the same one.
    pub(crate) addresses: Vec<Address>,
    /// What a trusted proxy passed on, and the host that it asked for itself. Proxies' own names
    /// may be among them; those that find a tenant must all find the same one.
    pub(crate) passed_on: Vec<Address>,
    /// What the header claims; `Err` when it names nobody for sure.
    pub(crate) claim: Option<Result<Address, InvalidClaim>>,
    /// Whether the host that the client asked for is the platform's own.
    pub(crate) on_platform: bool,
    /// The target without the path prefix and its slug.
    pub(crate) inner_uri: Option<Uri>,
}

/// What a host is the address of.
enum Place {
    Nobody,
    Platform,
    Tenant(Address),
}

/// A header value that is neither an id nor a slug.
#[derive(Debug)]
pub(crate) struct InvalidClaim;

impl Sources {
    /// No source at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// `SLUG.base` names the tenant with that slug. The bare base domain is the platform; deeper
    /// names and other hosts name nobody.
    pub fn subdomains_of(mut self, base: Host) -> Self {
        self.base_domain = Some(base);
        self
    }

    /// Hosts outside the base domain name the tenant whose domain they are.
    pub fn custom_domains(mut self) -> Self {
        self.custom_domains = true;
        self
    }

    /// `PREFIX/SLUG/rest` names the tenant with that slug, and the inner service sees `/rest`.
    ///
    /// # Errors
    /// When the prefix is no plain path, such as `/t`.
    pub fn path_prefix(mut self, prefix: &str) -> Result<Self, InvalidPathPrefix> {
        let segment = |text: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            !text.is_empty() && text.bytes().all(plain)
        };
        let rest = prefix.strip_prefix('/').ok_or(InvalidPathPrefix)?;
        if !rest.split('/').all(segment) {
            return Err(InvalidPathPrefix);
        }
        self.path_prefix = Some(prefix.into());
        Ok(self)
    }

    /// A header with a tenant's id or slug. It counts only beside a credential of that tenant,
    /// and is ignored without one.
    pub fn header(mut self, name: HeaderName) -> Self {
        self.header = Some(name);
        self
    }

    /// A request without any other source belongs to the tenant of its credential.
    pub fn credential(mut self) -> Self {
        self.credential = true;
        self
    }

    /// `X-Forwarded-Host` names the tenant where a trusted proxy sent it and the host names none;
    /// from anybody else it is ignored.
    ///
    /// Many proxies pass on what the client wrote into it. So a host that names a tenant is not
    /// overruled: a forwarded host of another tenant refuses the request. In a list (`a, b`, as
    /// chained proxies make it) the same holds for every name; those that name no tenant are taken
    /// for the proxies' own, and the first says whether the request is for the platform.
    pub fn forwarded_host(mut self) -> Self {
        self.forwarded_host = true;
        self
    }

    pub(crate) fn reads_credentials(&self) -> bool {
        self.credential
    }

    /// What a request names, before anybody has been asked whether such a tenant exists.
    pub(crate) fn read(&self, request: &Parts, proxies: &TrustedProxies) -> Result<Named, Refusal> {
        let mut named = Named::default();
        if self.base_domain.is_some() || self.custom_domains {
            let host = host(request)?;
            match self.forwarded(request, proxies)? {
                None => self.read_host(&mut named, host)?,
                Some(hosts) => self.read_forwarded(&mut named, hosts, host)?,
            }
        }
        if let Some(prefix) = &self.path_prefix {
            read_path(&mut named, prefix, &request.uri)?;
        }
        if let Some(name) = &self.header {
            read_header(&mut named, name, request)?;
        }
        Ok(named)
    }

    fn read_host(&self, named: &mut Named, host: Option<Host>) -> Result<(), Refusal> {
        match self.place(host) {
            Place::Nobody => return Err(Refusal::UnknownTenant),
            Place::Platform => named.on_platform = true,
            Place::Tenant(address) => named.addresses.push(address),
        }
        Ok(())
    }

    fn read_forwarded(
        &self,
        named: &mut Named,
        forwarded: Vec<Option<Host>>,
        host: Option<Host>,
    ) -> Result<(), Refusal> {
        let mut places = forwarded
            .into_iter()
            .chain([host])
            .map(|host| self.place(host));
        // The proxy nearest to the client stands first.
        match places.next() {
            Some(Place::Platform) => named.on_platform = true,
            Some(Place::Tenant(address)) => named.passed_on.push(address),
            Some(Place::Nobody) | None => {}
        }
        for place in places {
            if let Place::Tenant(address) = place
                && !named.passed_on.contains(&address)
            {
                named.passed_on.push(address);
            }
        }
        if named.passed_on.is_empty() && !named.on_platform {
            return Err(Refusal::UnknownTenant);
        }
        Ok(())
    }

    /// The names in `X-Forwarded-Host`, when a trusted proxy sent it and it counts here.
    fn forwarded(
        &self,
        request: &Parts,
        proxies: &TrustedProxies,
    ) -> Result<Option<Vec<Option<Host>>>, Refusal> {
        let peer = || client_address::peer(&request.extensions);
        if !self.forwarded_host
            || !request.headers.contains_key(X_FORWARDED_HOST)
            || !peer().is_some_and(|peer| proxies.trusts(peer))
        {
            return Ok(None);
        }
        let lines = request.headers.get_all(X_FORWARDED_HOST).iter();
        let names = lines.flat_map(|line| line.to_str().unwrap_or_default().split(','));
        let hosts: Vec<_> = names
            .take(FORWARDED_MAX + 1)
            .map(|name| parse_host(Some(name.trim())))
            .collect();
        if hosts.len() > FORWARDED_MAX {
            return Err(Refusal::ConflictingTenants);
        }
        Ok(Some(hosts))
    }

    fn place(&self, host: Option<Host>) -> Place {
        let Some(host) = host else {
            return Place::Nobody;
        };
        let base = self.base_domain.as_ref();
        if base.is_some_and(|base| *base == host) {
            return Place::Platform;
        }
        let address = match base.and_then(|base| host.label_under(base)) {
            Some(label) => label.parse().ok().map(Address::Slug),
            None => self.custom_domains.then_some(Address::Domain(host)),
        };
        address.map_or(Place::Nobody, Place::Tenant)
    }
}

/// The one host that a request is sent to; `None` for an address or a name that none can have, and
/// for none at all in HTTP/1.0. Later versions owe a well-formed one (RFC 9112, section 3.2).
fn host(request: &Parts) -> Result<Option<Host>, Refusal> {
    let written = request
        .headers
        .contains_key(HOST)
        .then(|| one_value(request, &HOST).and_then(read_authority))
        .transpose()?;
    let authority = request.uri.authority();
    if written.is_none() && authority.is_none() && request.version > Version::HTTP_10 {
        return Err(Refusal::InvalidHost);
    }
    let Some(authority) = authority.map(|authority| parse_host(Some(authority.as_str()))) else {
        return Ok(written.flatten());
    };
    if written.is_some_and(|written| written != authority) {
        return Err(Refusal::ConflictingTenants);
    }
    Ok(authority)
}

/// The host in `Host: uri-host [ ":" port ]`, unless that is a well-formed one which names nobody.
fn read_authority(text: Option<&str>) -> Result<Option<Host>, Refusal> {
    let text = text.ok_or(Refusal::InvalidHost)?;
    match Host::from_authority(text) {
        Ok(host) => Ok(Some(host)),
        Err(InvalidHost::Port) => Err(Refusal::InvalidHost),
        Err(_) => {
            // A user's name is part of an authority and none of this header.
            let is_authority = text.parse::<Authority>().is_ok() && !text.contains('@');
            let is_well_formed = text.is_empty() || is_authority;
            is_well_formed.then_some(None).ok_or(Refusal::InvalidHost)
        }
    }
}

/// The value of a header that must not occur twice; `None` when it is no text.
fn one_value<'a>(request: &'a Parts, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = request.headers.get_all(name).iter();
    let value = values.next().and_then(|value| value.to_str().ok());
    if values.next().is_some() {
        return Err(Refusal::ConflictingTenants);
    }
    Ok(value)
}

fn parse_host(text: Option<&str>) -> Option<Host> {
    Host::from_authority(text?).ok()
}

fn read_path(named: &mut Named, prefix: &str, uri: &Uri) -> Result<(), Refusal> {
    let Some(rest) = uri
        .path()
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('/'))
    else {
        return Ok(());
    };
    let (slug, inner) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let slug: Slug = slug.parse().map_err(|_| Refusal::UnknownTenant)?;
    named.addresses.push(Address::Slug(slug));
    named.inner_uri = Some(with_path(uri, inner).ok_or(Refusal::UnknownTenant)?);
    Ok(())
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path = if path.is_empty() { "/" } else { path };
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

fn read_header(named: &mut Named, name: &HeaderName, request: &Parts) -> Result<(), Refusal> {
    if !request.headers.contains_key(name) {
        return Ok(());
    }
    let text = one_value(request, name)?.unwrap_or_default();
    let id = text.parse::<TenantId>().map(Address::Id);
    let address = id.or_else(|_| text.parse().map(Address::Slug));
    named.claim = Some(address.map_err(|_| InvalidClaim));
    Ok(())
}
