//! Responses that hold one resource: with its entity tag, with its path where it is new, or as 304
//! where the client already has this version.

use std::fmt::Display;

use salvo::http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;
use serde::Serialize;

use super::json::Json;
use crate::api::extract::etag::IfNoneMatch;
use crate::model::Seq;
use crate::model::problem::etag;

/// What has a version and a path of its own.
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
            add(res, LOCATION, HeaderValue::from_str(&self.value.path()).ok());
        }
        res.status_code(self.status);
        Json(self.value).render(res);
        add(res, ETAG, Some(tag));
    }
}

/// One resource, or 304 where the client already has this version.
#[derive(Debug)]
pub enum ReadResponse<T> {
    Now(ResourceResponse<T>),
    NotModified(Seq),
}

impl<T: Resource> ReadResponse<T> {
    pub fn of(value: T, known: &IfNoneMatch) -> Self {
        let version = value.version();
        if known.holds(version) { Self::NotModified(version) } else { Self::Now(ResourceResponse::ok(value)) }
    }
}

impl<T: Resource> Scribe for ReadResponse<T> {
    fn render(self, res: &mut Response) {
        match self {
            Self::Now(response) => response.render(res),
            Self::NotModified(version) => {
                res.status_code(StatusCode::NOT_MODIFIED);
                res.headers_mut().remove(CONTENT_TYPE);
                add(res, ETAG, Some(etag(version)));
            }
        }
    }
}

fn add(res: &mut Response, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        res.headers_mut().insert(name, value);
    }
}

/// A user id as it stands in a path.
pub fn path_segment(user_id: &str) -> impl Display + '_ {
    percent_encoding::utf8_percent_encode(user_id, percent_encoding::NON_ALPHANUMERIC)
}
