{
  # One addon for each instruction set, so that no function compiled for a newer processor is ever shared with an older one.
  "target_defaults": {
    "sources": ["addon.cc", "decoderEngine.cc", "rowTeam.cc"],
    "include_dirs": ["<!@(node -p \"require('node-addon-api').include_dir\")"],
    "cflags!": ["-fno-exceptions"],
    "cflags_cc!": ["-fno-exceptions", "-std=gnu++14", "-std=gnu++17"],
    "cflags_cc": ["-std=c++17", "-O3", "-fexceptions", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi", "-Wno-maybe-uninitialized"],
    "defines": ["NAPI_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
    "xcode_settings": {
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "MACOSX_DEPLOYMENT_TARGET": "11.0"
    }
  },
  "targets": [{"target_name": "weft_runtime_portable"}],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {"target_name": "weft_runtime_avx2", "cflags_cc": ["-mavx2", "-mfma"]},
        {"target_name": "weft_runtime_avx512", "cflags_cc": ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"]}
      ]
    }]
  ]
}
