module rohe.dev/tools/kine

go 1.26.6

require github.com/k3s-io/kine v0.17.5
