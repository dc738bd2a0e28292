//! A small key made from known secrets, for the tests of this folder.
