//! The documentation of responses with one task or project and their headers, which many operations
//! share.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use crate::model::{Project, Task};

/// 200 with the task or project after the operation.
pub struct Current<T>(PhantomData<T>);
/// 200 with the task or project, or 304 if the client already has this version.
pub struct Read<T>(PhantomData<T>);
/// 201 with the new task or project, or 200 if the same request created it before.
pub struct Created<T>(PhantomData<T>);

/// The word for a resource in descriptions.
pub trait Noun: ToSchema {
    const NOUN: &'static str;
}

impl Noun for Task {
    const NOUN: &'static str = "task";
}

impl Noun for Project {
    const NOUN: &'static str = "project";
}

type Responses = BTreeMap<String, RefOr<Response>>;

impl<T: Noun> IntoResponses for Current<T> {
    fn responses() -> Responses {
        let now = resource::<T>(&format!("The {} as it is now.", T::NOUN));
        by_status([("200", now)])
    }
}

impl<T: Noun> IntoResponses for Read<T> {
    fn responses() -> Responses {
        let found = resource::<T>(&format!("The {}.", T::NOUN));
        let not_modified = with_etag::<T>("The client already has this version.");
        by_status([("200", found), ("304", not_modified)])
    }
}

impl<T: Noun> IntoResponses for Created<T> {
    fn responses() -> Responses {
        let noun = T::NOUN;
        let new =
            resource::<T>(&format!("The new {noun}.")).header("Location", header(&format!("The path of the {noun}.")));
        let repeated =
            resource::<T>(&format!("The same request created the {noun} before. The body is the {noun} as it is now."));
        by_status([("200", repeated), ("201", new)])
    }
}

fn by_status<const N: usize>(responses: [(&str, ResponseBuilder); N]) -> Responses {
    responses.into_iter().map(|(status, response)| (status.to_owned(), RefOr::T(response.build()))).collect()
}

fn resource<T: Noun>(description: &str) -> ResponseBuilder {
    let schema = Ref::from_schema_name(T::name());
    with_etag::<T>(description).content("application/json", ContentBuilder::new().schema(Some(schema)).build())
}

fn with_etag<T: Noun>(description: &str) -> ResponseBuilder {
    let etag = header(&format!("The version of the {}, in quotes, for `If-Match` and `If-None-Match`.", T::NOUN));
    ResponseBuilder::new().description(description).header("ETag", etag)
}

/// A header with text.
pub fn header(description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
