// The Kubernetes provider of Pulumi. The provider's own main package embeds generated files that its Go module lacks;
// the engine needs no schema beyond name and version, as rohe declares resources by their types.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// version is set by the linker.
var version = "0.0.0"

func main() {
	schema := fmt.Sprintf(`{"name":"kubernetes","version":%q}`, version)
	provider.Serve("kubernetes", version, []byte(schema), []byte("{}"))
}
