//! The site: where links on the pages lead, and how the pages look.

use crate::paths;
use crate::portal::PortalAddress;
use sijill_pages::{Policies, Theme};
use sijill_poll::definition::Definition;
use std::sync::Arc;

/// How people reach this server, and what the pages look like there. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Site(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    portal: Option<PortalAddress>,
    theme: Option<Arc<Theme>>,
    policies: Policies,
    preview: bool,
}

impl Default for Site {
    /// A server that people reach themselves, with pages as they come.
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl Site {
    /// A server behind this portal, with this theme.
    pub fn new(portal: Option<PortalAddress>, theme: Option<Theme>) -> Self {
        Self::of(portal, theme, false)
    }

    /// Pages with this theme that say of themselves that nothing on them is a poll.
    pub fn preview(theme: Option<Theme>) -> Self {
        Self::of(None, theme, true)
    }

    fn of(portal: Option<PortalAddress>, theme: Option<Theme>, preview: bool) -> Self {
        let policies = Policies::of(theme.as_ref());
        Self(Arc::new(Parts {
            portal,
            theme: theme.map(Arc::new),
            policies,
            preview,
        }))
    }

    /// Whether nothing on the pages is a poll.
    pub fn is_preview(&self) -> bool {
        self.0.preview
    }

    /// The theme of the pages.
    pub fn theme(&self) -> Option<Arc<Theme>> {
        self.0.theme.clone()
    }

    /// The policies that go with the pages.
    pub fn policies(&self) -> &Policies {
        &self.0.policies
    }

    /// A path of this server as it stands on a page below the portal's address.
    pub fn page(&self, path: &str) -> String {
        let before = self.0.portal.as_ref().map_or("", PortalAddress::path);
        format!("{before}{path}")
    }

    /// The same as it stands on a page wherever that is.
    pub fn from_anywhere(&self, path: &str) -> String {
        match &self.0.portal {
            Some(portal) => format!("{portal}{path}"),
            None => path.to_owned(),
        }
    }

    /// The whole address of a path: the portal's, or else that of the poll's platform.
    pub fn address(&self, definition: &Definition, path: &str) -> String {
        match &self.0.portal {
            Some(portal) => format!("{portal}{path}"),
            None => format!("{}{path}", of_platform(definition)),
        }
    }

    /// The domain that stands at the top of pages below the portal's address, as it does in the browser's line: the
    /// portal's, or else the platform's.
    pub fn domain<'a>(&'a self, platform: &'a str) -> &'a str {
        let portal = self.0.portal.as_ref();
        portal.map_or(platform, PortalAddress::domain)
    }

    /// What people type to come to the front page: the portal's address without its scheme, or the platform's domain.
    pub fn typed_address<'a>(&'a self, definition: &'a Definition) -> &'a str {
        let portal = self.0.portal.as_ref();
        portal.map_or(&definition.who.platform.domain, PortalAddress::typed)
    }

    /// The links of pages behind personal links of this poll.
    pub fn personal<'a>(&'a self, definition: &'a Definition) -> PersonalLinks<'a> {
        PersonalLinks {
            site: self,
            prefix: &definition.message.link_prefix,
        }
    }
}

/// Where people reach the platform of a definition: scheme and domain.
pub fn of_platform(definition: &Definition) -> String {
    let prefix = &definition.message.link_prefix;
    let scheme = prefix
        .split_once("://")
        .map_or("https", |(scheme, _)| scheme);
    format!("{scheme}://{}", definition.who.platform.domain)
}

/// The links of pages behind personal links: these are where the signed definition says, and may be on a host and below a
/// path of their own.
#[derive(Debug, Clone, Copy)]
pub struct PersonalLinks<'a> {
    site: &'a Site,
    /// As the definition has it: `https://portal.example/p/`.
    prefix: &'a str,
}

impl PersonalLinks<'_> {
    /// The path of a personal page, as [`paths::answer`] gives it, where the message's links are.
    pub fn own(&self, path: &str) -> String {
        let (_, before) = self.parts();
        format!("{before}{path}")
    }

    /// Any other path.
    pub fn page(&self, path: &str) -> String {
        let (host, _) = self.parts();
        match &self.site.0.portal {
            Some(portal) if portal.host() != host => format!("{portal}{path}"),
            _ => self.site.page(path),
        }
    }

    /// Scheme and host of the message's links, and what stands before [`paths::LINKS`] in their path.
    fn parts(&self) -> (&str, &str) {
        let whole = self
            .prefix
            .strip_suffix(paths::LINKS)
            .unwrap_or(self.prefix);
        let host_start = whole.find("://").map_or(0, |colon| colon + 3);
        let path_start = whole
            .get(host_start..)
            .and_then(|rest| rest.find('/'))
            .map_or(whole.len(), |slash| host_start + slash);
        whole.split_at(path_start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(portal: &str) -> Site {
        Site::new(Some(portal.parse().unwrap()), None)
    }

    fn links<'a>(site: &'a Site, prefix: &'a str) -> PersonalLinks<'a> {
        PersonalLinks { site, prefix }
    }

    #[test]
    fn pages_are_below_the_portal_and_personal_ones_where_the_message_says() {
        let bare = Site::default();
        let portal = site("https://portal.example/services");
        for (site, prefix, own, page) in [
            (&bare, "https://ur.example/p/", "/p/t", "/verify"),
            (&bare, "https://ur.example/go/p/", "/go/p/t", "/verify"),
            (
                &portal,
                "https://portal.example/p/",
                "/p/t",
                "/services/verify",
            ),
            (
                &portal,
                "https://portal.example/s/p/",
                "/s/p/t",
                "/services/verify",
            ),
            (
                &portal,
                "https://ur.example/p/",
                "/p/t",
                "https://portal.example/services/verify",
            ),
            (
                &portal,
                "http://portal.example/p/",
                "/p/t",
                "https://portal.example/services/verify",
            ),
        ] {
            let links = links(site, prefix);
            assert_eq!(links.own(&paths::answer("t")), own, "{prefix}");
            assert_eq!(links.page(paths::VERIFY), page, "{prefix}");
        }
    }

    #[test]
    fn a_page_on_any_host_leads_to_the_portals() {
        assert_eq!(Site::default().from_anywhere("/in/ar"), "/in/ar");
        let portal = site("https://portal.example/services");
        assert_eq!(
            portal.from_anywhere("/in/ar"),
            "https://portal.example/services/in/ar"
        );
        assert_eq!(portal.page("/in/ar"), "/services/in/ar");
        assert_eq!(site("https://portal.example").page("/in/ar"), "/in/ar");
    }
}
