//! The workshop in other forms: a script for the AWS CLI, a page to read, and the policies that its operations need.

pub mod bash;
pub mod html;
pub mod iam;
mod shell;
