package cli

import "zesei/internal/store"

type fixJSON struct{}

func fixToJSON(store.Fix) fixJSON { return fixJSON{} }
