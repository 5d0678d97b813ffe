module rohe.dev/tools/toxiproxy

go 1.26.6

require github.com/Shopify/toxiproxy/v2 v2.5.0
