//! The conditional headers `If-Match` and `If-None-Match` (RFC 9110, section 13.1), which list entity tags.

use salvo::extract::{Extractible, Metadata};
use salvo::http::header::{HeaderMap, IF_MATCH, IF_NONE_MATCH};
use salvo::prelude::*;

use super::NO_METADATA;
use crate::model::{Problem, Seq};

/// `If-Match`: the versions that the request may change; `None` means any version.
#[derive(Debug, Default)]
pub struct IfMatch(pub Option<Vec<i64>>);

/// `If-None-Match`: the versions that the client already has.
#[derive(Debug, Default)]
pub struct IfNoneMatch {
    any: bool,
    versions: Vec<i64>,
}

impl IfNoneMatch {
    pub fn contains(&self, version: Seq) -> bool {
        self.any || self.versions.contains(&version.get())
    }
}

impl<'ex> Extractible<'ex> for IfMatch {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, _depot: &'ex mut Depot) -> Result<Self, Problem> {
        // If-Match compares strongly, so a weak tag matches nothing (RFC 9110, section 13.1.1).
        Ok(match parse(req.headers(), &IF_MATCH)? {
            None | Some(Tags::Any) => Self(None),
            Some(Tags::Listed(tags)) => Self(Some(tags.into_iter().filter_map(Tag::strong_version).collect())),
        })
    }
}

impl<'ex> Extractible<'ex> for IfNoneMatch {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, _depot: &'ex mut Depot) -> Result<Self, Problem> {
        Ok(match parse(req.headers(), &IF_NONE_MATCH)? {
            None => Self::default(),
            Some(Tags::Any) => Self { any: true, versions: Vec::new() },
            Some(Tags::Listed(tags)) => {
                Self { any: false, versions: tags.into_iter().filter_map(|tag| tag.version).collect() }
            }
        })
    }
}

#[derive(Debug, PartialEq)]
enum Tags {
    Any,
    Listed(Vec<Tag>),
}

/// An entity tag as the client sent it; `version` is `None` if this server never made such a tag.
#[derive(Debug, PartialEq)]
struct Tag {
    weak: bool,
    version: Option<i64>,
}

impl Tag {
    fn strong_version(self) -> Option<i64> {
        if self.weak { None } else { self.version }
    }
}

fn parse(headers: &HeaderMap, name: &salvo::http::HeaderName) -> Result<Option<Tags>, Problem> {
    let malformed = || {
        Problem::invalid_field(
            name.to_string(),
            "malformed",
            "is malformed: send entity tags as the ETag header gave them, in quotes, or *",
        )
    };
    let mut listed = Vec::new();
    let mut seen = false;
    for value in headers.get_all(name) {
        seen = true;
        let value = value.to_str().map_err(|_| malformed())?;
        if value.trim() == "*" {
            return Ok(Some(Tags::Any));
        }
        listed.extend(parse_list(value).ok_or_else(malformed)?);
    }
    Ok(seen.then_some(Tags::Listed(listed)))
}

/// Parses entity tags that are separated by commas. A tag may contain commas too.
fn parse_list(mut rest: &str) -> Option<Vec<Tag>> {
    let mut tags = Vec::new();
    loop {
        rest = rest.trim_start();
        let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |rest| (true, rest));
        let (inner, after) = quoted.strip_prefix('"')?.split_once('"')?;
        tags.push(Tag { weak, version: parse_version(inner) });
        match after.trim_start() {
            "" => return Some(tags),
            after => rest = after.strip_prefix(',')?,
        }
    }
}

/// The version in a tag that this server made. Tags are compared as texts, so "07" does not match "7".
fn parse_version(inner: &str) -> Option<i64> {
    inner.parse().ok().filter(|version: &i64| version.to_string() == inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(value: &str) -> Option<Tags> {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, value.parse().expect("a header value"));
        parse(&headers, &IF_MATCH).ok().flatten()
    }

    #[test]
    fn lists_of_entity_tags_are_parsed() {
        assert_eq!(tags("*"), Some(Tags::Any));
        assert_eq!(
            tags("\"5\", W/\"6\" ,\"a,b\",\"07\""),
            Some(Tags::Listed(vec![
                Tag { weak: false, version: Some(5) },
                Tag { weak: true, version: Some(6) },
                Tag { weak: false, version: None },
                Tag { weak: false, version: None },
            ]))
        );
    }

    #[test]
    fn malformed_entity_tags_are_rejected() {
        for malformed in ["5", "\"5", "\"5\",", "W/5", "\"a\"b\""] {
            assert_eq!(tags(malformed), None, "{malformed}");
        }
    }
}
