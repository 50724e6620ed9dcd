//! Responses with one resource: with its entity tag, with its path if it is new, or 304 if the client
//! already has this version.

use std::fmt::Display;

use salvo::http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;
use serde::Serialize;

use super::json::Json;
use crate::api::extract::etag::IfNoneMatch;
use crate::model::Seq;
use crate::model::problem::etag;

/// A resource has a version and a path.
pub trait Resource: Serialize + Send {
    fn version(&self) -> Seq;
    fn path(&self) -> String;
}

/// One resource as it is now.
#[derive(Debug)]
pub struct ResourceResponse<T> {
    status: StatusCode,
    value: T,
}

impl<T> ResourceResponse<T> {
    pub const fn ok(value: T) -> Self {
        Self { status: StatusCode::OK, value }
    }

    pub const fn created(value: T) -> Self {
        Self { status: StatusCode::CREATED, value }
    }
}

impl<T: Resource> Scribe for ResourceResponse<T> {
    fn render(self, res: &mut Response) {
        let tag = etag(self.value.version());
        if self.status == StatusCode::CREATED {
            set_header(res, LOCATION, HeaderValue::from_str(&self.value.path()).ok());
        }
        res.status_code(self.status);
        Json(self.value).render(res);
        set_header(res, ETAG, Some(tag));
    }
}

/// One resource, or 304 if the client already has this version.
#[derive(Debug)]
pub enum ReadResponse<T> {
    Current(ResourceResponse<T>),
    NotModified(Seq),
}

impl<T: Resource> ReadResponse<T> {
    pub fn new(value: T, if_none_match: &IfNoneMatch) -> Self {
        let version = value.version();
        if if_none_match.contains(version) {
            Self::NotModified(version)
        } else {
            Self::Current(ResourceResponse::ok(value))
        }
    }
}

impl<T: Resource> Scribe for ReadResponse<T> {
    fn render(self, res: &mut Response) {
        match self {
            Self::Current(response) => response.render(res),
            Self::NotModified(version) => {
                res.status_code(StatusCode::NOT_MODIFIED);
                res.headers_mut().remove(CONTENT_TYPE);
                set_header(res, ETAG, Some(etag(version)));
            }
        }
    }
}

fn set_header(res: &mut Response, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        res.headers_mut().insert(name, value);
    }
}

/// A user id, percent-encoded for a path.
pub fn path_segment(user_id: &str) -> impl Display + '_ {
    percent_encoding::utf8_percent_encode(user_id, percent_encoding::NON_ALPHANUMERIC)
}
