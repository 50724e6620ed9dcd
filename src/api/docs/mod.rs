//! Serves the contract: Swagger UI at `/docs`, and the document at `/openapi.yaml` and `/openapi.json`. A
//! script and a style sheet add a form to Swagger UI with which people sign in.

use std::sync::{Arc, OnceLock};

use salvo::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;
use salvo::writing::Redirect;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

use super::openapi;
use super::openapi::mount::page;
use crate::model::Problem;

/// The content security policy. Swagger UI uses inline styles; everything else comes from this server.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// The form to sign in, and the tags that add it to the page of Swagger UI.
const SIGN_IN_JS: &str = include_str!("sign-in.js");
const SIGN_IN_CSS: &str = include_str!("sign-in.css");
const SIGN_IN_TAGS: [(&str, &str); 2] = [
    ("</head>", "<link rel=\"stylesheet\" type=\"text/css\" href=\"./sign-in.css\" />\n  </head>"),
    ("</body>", "<script src=\"./sign-in.js\" charset=\"UTF-8\"></script>\n  </body>"),
];

/// The document in both forms. It is large and never changes, so the first request for it makes both, once
/// for all servers in this process.
struct Texts {
    yaml: String,
    json: String,
}

impl Texts {
    fn get(contract: fn() -> OpenApi) -> &'static Self {
        static TEXTS: OnceLock<Texts> = OnceLock::new();
        TEXTS.get_or_init(|| {
            let document = contract();
            Self { yaml: openapi::yaml(&document).unwrap_or_default(), json: document.to_json().unwrap_or_default() }
        })
    }
}

/// `contract` makes the document.
pub fn routes(contract: fn() -> OpenApi) -> Vec<Router> {
    let config = Config::from("/openapi.yaml")
        .persist_authorization(true)
        .deep_linking(true)
        .try_it_out_enabled(true)
        .display_operation_id(true)
        .filter(true)
        .validator_url("none");
    let yaml = Document { contract, media_type: "application/yaml", text: |texts| &texts.yaml };
    let json = Document { contract, media_type: "application/json", text: |texts| &texts.json };
    vec![
        page(Router::with_path("openapi.yaml"), yaml),
        page(Router::with_path("openapi.json"), json),
        page(Router::with_path("docs/{**file}"), SwaggerUi(Arc::new(config))),
    ]
}

struct Document {
    contract: fn() -> OpenApi,
    media_type: &'static str,
    text: fn(&'static Texts) -> &'static str,
}

#[handler]
impl Document {
    fn handle(&self, res: &mut Response) {
        res.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        res.body((self.text)(Texts::get(self.contract)));
    }
}

struct SwaggerUi(Arc<Config<'static>>);

#[handler]
impl SwaggerUi {
    fn handle(&self, req: &mut Request, res: &mut Response) {
        // The page loads its files by relative paths, which need the slash.
        if req.uri().path() == "/docs" {
            res.render(Redirect::found("/docs/"));
            return;
        }
        let path = req.params().get("file").cloned().unwrap_or_default();
        let sign_in = match path.as_str() {
            "sign-in.js" => Some(("text/javascript", SIGN_IN_JS)),
            "sign-in.css" => Some(("text/css", SIGN_IN_CSS)),
            _ => None,
        };
        if let Some((media_type, text)) = sign_in {
            res.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            res.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            res.body(text);
            return;
        }
        match utoipa_swagger_ui::serve(&path, self.0.clone()) {
            Ok(Some(file)) => {
                let media_type = HeaderValue::from_str(&file.content_type);
                res.headers_mut().insert(CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static("text/plain")));
                res.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
                let bytes = file.bytes.into_owned();
                res.body(if matches!(path.as_str(), "" | "/" | "index.html") { with_sign_in(bytes) } else { bytes });
            }
            Ok(None) => res.render(Problem::for_status(StatusCode::NOT_FOUND)),
            Err(error) => res.render(Problem::server_error(&error)),
        }
    }
}

/// The page of Swagger UI with the form to sign in.
fn with_sign_in(page: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(page) {
        Ok(page) => SIGN_IN_TAGS.iter().fold(page, |page, (before, with)| page.replacen(before, with, 1)).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}
