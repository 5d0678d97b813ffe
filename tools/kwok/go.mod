module rohe.dev/tools/kwok

go 1.26.6

require sigs.k8s.io/kwok v0.8.0
