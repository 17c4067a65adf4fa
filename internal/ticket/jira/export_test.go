package jira

// Words is words, for tests.
var Words = words
