//! What a tenant's settings say about its shop.

use jiff::tz;
use tenancy_commerce::money::Currency;
use tenancy_core::tenant::{InvalidSetting, Locale, Setting, Settings, TimeZone};

/// The currency of a shop's prices; US dollars by default.
#[derive(Debug)]
pub(crate) enum ShopCurrency {}

impl Setting for ShopCurrency {
    const KEY: &'static str = "currency";
    type Value = Currency;

    fn default() -> Currency {
        "USD".parse().expect("the dollar is a currency")
    }
}

/// A sentence below the shop's name; empty by default.
#[derive(Debug)]
pub(crate) enum Tagline {}

impl Setting for Tagline {
    const KEY: &'static str = "tagline";
    type Value = String;

    fn default() -> String {
        String::new()
    }
}

/// Settings of a shop that have been checked; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ShopSettings {
    pub(crate) currency: Option<Currency>,
    pub(crate) locale: Option<LocaleTag>,
    pub(crate) time_zone: Option<ZoneName>,
    pub(crate) tagline: Option<String>,
}

impl ShopSettings {
    pub(crate) fn write(&self, settings: &mut Settings) -> Result<(), InvalidSetting> {
        if let Some(currency) = &self.currency {
            settings.set::<ShopCurrency>(currency)?;
        }
        if let Some(LocaleTag(tag)) = &self.locale {
            settings.set::<Locale>(tag)?;
        }
        if let Some(ZoneName(name)) = &self.time_zone {
            settings.set::<TimeZone>(name)?;
        }
        if let Some(tagline) = &self.tagline {
            settings.set::<Tagline>(tagline)?;
        }
        Ok(())
    }
}

/// A language tag such as `de-AT`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LocaleTag(String);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a locale is a language tag such as en or de-AT")]
pub(crate) struct InvalidLocale;

impl std::str::FromStr for LocaleTag {
    type Err = InvalidLocale;

    fn from_str(text: &str) -> Result<Self, InvalidLocale> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
        let subtag = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if text.len() <= 35
            && (2..=3).contains(&language.len())
            && letters(language)
            && parts.all(subtag)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidLocale)
        }
    }
}

/// A time zone by its IANA name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ZoneName(String);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a time zone is an IANA name such as UTC or Europe/Berlin")]
pub(crate) struct InvalidZone;

impl std::str::FromStr for ZoneName {
    type Err = InvalidZone;

    fn from_str(text: &str) -> Result<Self, InvalidZone> {
        let zone = tz::TimeZone::get(text).map_err(|_| InvalidZone)?;
        zone.iana_name()
            .map(|name| Self(name.to_owned()))
            .ok_or(InvalidZone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_and_time_zones_are_checked() {
        let check = |text: &str, locale: bool, zone: bool| {
            assert_eq!(text.parse::<LocaleTag>().is_ok(), locale, "{text}");
            assert_eq!(text.parse::<ZoneName>().is_ok(), zone, "{text}");
        };
        check("en", true, false);
        check("zh-Hant-TW", true, false);
        check("Europe/Berlin", false, true);
        check("UTC", true, true);
        check("Mars/Olympus", false, false);
        check("english please", false, false);
        check("", false, false);
    }
}
