package config_test

import (
	"os"
	"strings"
	"testing"

	"zesei/internal/config"
)

func TestWhereNobodyIsConfiguredTheMistakeSaysWhereToAddThem(t *testing.T) {
	_, err := config.Parse("zesei.yaml", []byte(`owners: {shop: {default: true, slack: "#sec", mention: [taro]}}`), os.LookupEnv, os.ReadFile)
	if err == nil || !strings.Contains(err.Error(), `no person is configured, so "taro" is none; add taro under people:, or remove it here`) {
		t.Error(err)
	}
}
