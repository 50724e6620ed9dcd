//! Mounts a handler and documents it in one step. Path, method and operation come from the handler's
//! annotation, so an undocumented handler does not compile and no path is written twice.

use std::collections::BTreeMap;

use salvo::async_trait;
use salvo::http::header::ALLOW;
use salvo::http::{HeaderValue, Method, StatusCode};
use salvo::prelude::*;
use salvo::routing::filters::MethodFilter;
use salvo::routing::{Filter, PathState};
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::{Components, Content, OneOf, RefOr, Schema};
// utoipa gives an operation's schemas and tags only in this hidden module. Only this file names it.
use utoipa::__dev::{SchemaReferences, Tags};

use super::responses;

/// Collects the routes of handlers for salvo, and their operations for the document.
#[derive(Default)]
pub struct Mounts {
    routes: BTreeMap<String, PathRoutes>,
    paths: Paths,
    schemas: BTreeMap<String, RefOr<Schema>>,
}

#[derive(Default)]
struct PathRoutes {
    handlers: Vec<Router>,
    allowed: Vec<Method>,
}

/// A segment of paths, and what is below it. A request looks through the segments of its own path only; in a
/// list, it would try all paths one after the other.
#[derive(Default)]
struct Segment {
    below: BTreeMap<String, Segment>,
    /// The routes of the path that ends here.
    routes: Option<PathRoutes>,
}

impl Segment {
    fn at(&mut self, path: &str) -> &mut Self {
        path.trim_start_matches('/')
            .split('/')
            .fold(self, |parent, segment| parent.below.entry(segment.to_owned()).or_default())
    }

    /// The routers of the segments below.
    fn routers(self) -> Vec<Router> {
        self.below.into_iter().map(|(segment, below)| below.router(&segment)).collect()
    }

    fn router(mut self, segment: &str) -> Router {
        let mut router = Router::with_path(segment);
        if let Some(PathRoutes { handlers, allowed }) = self.routes.take() {
            router = handlers.into_iter().fold(router, Router::push).push(options(&allowed));
        } else {
            router = router.filter(PathContinues);
        }
        self.routers().into_iter().fold(router, Router::push)
    }
}

/// Salvo answers 405 wherever a path ends at a router. Where no path of the contract ends, it is to answer 404.
#[derive(Debug)]
struct PathContinues;

#[async_trait]
impl Filter for PathContinues {
    async fn filter(&self, _: &mut Request, path: &mut PathState<'_>) -> bool {
        !path.is_ended()
    }

    /// Salvo asks this to find the methods for `Allow`.
    async fn filter_for_method(&self, _: &mut Request, path: &mut PathState<'_>, _: &Method) -> Option<bool> {
        Some(!path.is_ended())
    }
}

impl Mounts {
    #[must_use]
    pub fn mount<H>(mut self, handler: H) -> Self
    where
        H: Handler + utoipa::Path + SchemaReferences + for<'t> Tags<'t>,
    {
        let path = H::path();
        let mut operation = H::operation();
        operation.tags = Some(H::tags().into_iter().map(str::to_owned).collect());
        responses::add_common(&mut operation);
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            forbid_null(body);
        }
        let mut schemas = Vec::new();
        H::schemas(&mut schemas);
        self.schemas.extend(schemas);
        self.paths.add_path_operation(&path, H::methods(), operation);

        // Each annotation names one method.
        let method = H::methods().into_iter().next().map_or(Method::GET, served_method);
        let routes = self.routes.entry(path).or_default();
        if method == Method::GET {
            routes.allowed.extend([Method::GET, Method::HEAD]);
            routes.handlers.push(get_or_head(handler));
        } else {
            routes.allowed.push(method.clone());
            routes.handlers.push(Router::with_filter(MethodFilter::new(method)).goal(handler));
        }
        self
    }

    /// The routes, with OPTIONS for each path, and the paths and components of the document.
    pub fn finish(self) -> (Vec<Router>, Paths, Components) {
        let mut root = Segment::default();
        for (path, routes) in self.routes {
            root.at(&path).routes = Some(routes);
        }
        let mut components = Components::new();
        components.schemas.extend(self.schemas);
        (root.routers(), self.paths, components)
    }
}

/// Mounts a page, which is not an operation of the contract, for GET, HEAD and OPTIONS.
pub fn page<H: Handler>(path: Router, handler: H) -> Router {
    path.push(get_or_head(handler)).push(options(&[Method::GET, Method::HEAD]))
}

fn get_or_head<H: Handler>(handler: H) -> Router {
    Router::with_filter(MethodFilter::new(Method::GET).or(MethodFilter::new(Method::HEAD))).goal(handler)
}

fn options(allowed: &[Method]) -> Router {
    Router::with_filter(MethodFilter::new(Method::OPTIONS)).goal(Allowed::new(allowed))
}

/// utoipa documents an optional body as one that may be `null`, which no body may.
fn forbid_null(body: &mut RequestBody) {
    for content in body.content.values_mut() {
        if let RefOr::T(Content { schema: Some(schema), .. }) = content
            && let RefOr::T(Schema::OneOf(OneOf { items, .. })) = schema
            && let [RefOr::Ref(value), _null] = items.as_slice()
        {
            *schema = RefOr::Ref(value.clone());
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of owned methods")]
const fn served_method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

/// Serves OPTIONS: lists the methods of a path in `Allow`.
struct Allowed(HeaderValue);

impl Allowed {
    fn new(methods: &[Method]) -> Self {
        let list = methods.iter().map(Method::as_str).chain(["OPTIONS"]).collect::<Vec<_>>().join(", ");
        Self(HeaderValue::from_str(&list).unwrap_or(HeaderValue::from_static("OPTIONS")))
    }
}

#[handler]
impl Allowed {
    fn handle(&self, res: &mut Response) {
        res.status_code(StatusCode::NO_CONTENT);
        res.headers_mut().insert(ALLOW, self.0.clone());
    }
}
