//go:build tools

// Package consul pins the real Consul that the tests run against.
package consul

import _ "github.com/hashicorp/consul"
