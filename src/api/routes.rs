//! Mounts all routes, and puts the middleware around every request.

use salvo::affix_state;
use salvo::catch_panic::CatchPanic;
use salvo::cors::Cors;
use salvo::http::Method;
use salvo::http::header::ORIGIN;
use salvo::prelude::*;
use salvo::timeout::Timeout;
use utoipa::openapi::OpenApi;

use super::app::App;
use super::middleware::{self, REQUEST_ID};
use super::openapi::mount::Mounts;
use super::{
    accounts, api_tokens, batch, changes, docs, exchange, health, history, live, openapi, projects, stats, tasks,
    trash, user, web,
};

/// Every operation of the contract.
fn operations() -> Mounts {
    Mounts::default()
        .mount(tasks::list::list_tasks)
        .mount(tasks::create_task)
        .mount(tasks::get_task)
        .mount(tasks::update_task)
        .mount(tasks::replace_task)
        .mount(tasks::delete_task)
        .mount(tasks::set_task_completion)
        .mount(tasks::moves::move_task)
        .mount(batch::apply_batch)
        .mount(stats::get_stats)
        .mount(projects::list::list_projects)
        .mount(projects::create_project)
        .mount(projects::get_project)
        .mount(projects::update_project)
        .mount(projects::delete_project)
        .mount(projects::move_project)
        .mount(trash::list_trash)
        .mount(trash::empty_trash)
        .mount(trash::restore_from_trash)
        .mount(trash::purge_from_trash)
        .mount(history::get_task_history)
        .mount(exchange::export_data)
        .mount(exchange::import_data)
        .mount(changes::list_changes)
        .mount(live::open_live)
        .mount(accounts::sign_up_email)
        .mount(accounts::sign_in_email)
        .mount(accounts::sign_in_demo)
        .mount(accounts::sign_out)
        .mount(accounts::get_sign_in_methods)
        .mount(accounts::get_session)
        .mount(accounts::get_access_token)
        .mount(accounts::get_jwks)
        .mount(accounts::list_sessions)
        .mount(accounts::revoke_session)
        .mount(accounts::revoke_sessions)
        .mount(accounts::revoke_other_sessions)
        .mount(accounts::change_password)
        .mount(accounts::delete_account)
        .mount(api_tokens::list_api_tokens)
        .mount(api_tokens::create_api_token)
        .mount(api_tokens::revoke_api_token)
        .mount(user::get_identity)
        .mount(user::delete_user)
        .mount(health::get_health)
}

/// The contract, generated from the annotations of the handlers.
pub fn contract() -> OpenApi {
    let (_, paths, components) = operations().finish();
    openapi::document(paths, components)
}

/// The service: operations, pages and middleware.
pub fn service(app: &App) -> Service {
    let (routers, _, _) = operations().finish();
    let mut root = Router::new().hoop(affix_state::inject(app.clone()));
    for router in routers {
        root = root.push(router);
    }
    for router in docs::routes(contract).into_iter().chain(web::routes()) {
        root = root.push(router);
    }
    Service::new(root)
        .hoop(middleware::around_request)
        .hoop_when(cors(app).into_handler(), |req, _| req.headers().contains_key(ORIGIN))
        .hoop(CatchPanic::new())
        .hoop_when(Timeout::new(app.http().request_timeout), |req, _| !exchange::is_import(req))
}

fn cors(app: &App) -> Cors {
    Cors::new()
        .allow_origin(app.allowed_origins())
        .allow_credentials(true)
        .allow_methods(vec![
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_headers(vec!["authorization", "content-type", "if-match", "if-none-match", REQUEST_ID])
        .expose_headers(vec!["content-disposition", "etag", "location", "retry-after", "www-authenticate", REQUEST_ID])
        .max_age(600)
}
