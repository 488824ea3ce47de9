-- Run by the postgres image when its data folder is made. The lake's catalog is in the database proptech.
create database dagster;
create database registry;
