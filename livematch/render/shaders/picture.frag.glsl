// One or two pictures. Which planes they have and whether they are faded is settled when the
// program is built, so that no fragment asks. Uniforms are few and packed: drawn in software,
// each costs as much as several sums.
in vec2 bottom_uv;
out vec4 colour;
uniform sampler2D bottom_first; // luma, or the whole picture
#ifdef BOTTOM_YUV
uniform sampler2D bottom_chroma;
uniform vec2 bottom_luma;   // scale, offset
uniform vec4 bottom_matrix; // v to red, u to green, v to green, u to blue
#endif
#ifdef TOP
in vec2 top_uv;
uniform sampler2D top_first;
#ifdef TOP_YUV
uniform sampler2D top_chroma;
uniform vec2 top_luma;
uniform vec4 top_matrix;
#endif
#endif
#ifdef FADED
uniform vec2 weights; // of bottom and top; what is missing to 1 is black
#endif

vec3 from_yuv(float first, vec2 chroma, vec2 luma, vec4 matrix) {
    float y = first * luma.x + luma.y;
    chroma -= 128.0 / 255.0;
    return vec3(y + matrix.x * chroma.y,
                y + matrix.y * chroma.x + matrix.z * chroma.y,
                y + matrix.w * chroma.x);
}

// HAP Q: Co, Cg and what they were multiplied by in R, G and B, luma in A
// (van Waveren and Castaño, Real-Time YCoCg-DXT Compression, 2007)
vec3 from_ycocg(vec4 texel) {
    vec2 chroma = (texel.rg - 128.0 / 255.0) / (texel.b * (255.0 / 8.0) + 1.0);
    return vec3(texel.a + chroma.x - chroma.y,
                texel.a + chroma.y,
                texel.a - chroma.x - chroma.y);
}

vec3 bottom() {
#ifdef BOTTOM_YUV
    return from_yuv(texture(bottom_first, bottom_uv).r, texture(bottom_chroma, bottom_uv).rg,
                    bottom_luma, bottom_matrix);
#elif defined(BOTTOM_YCOCG)
    return from_ycocg(texture(bottom_first, bottom_uv));
#elif defined(BOTTOM_ALPHA)
    vec4 texel = texture(bottom_first, bottom_uv);
    return texel.rgb * texel.a; // over black
#else
    return texture(bottom_first, bottom_uv).rgb;
#endif
}

#ifdef TOP
vec3 top() {
#ifdef TOP_YUV
    return from_yuv(texture(top_first, top_uv).r, texture(top_chroma, top_uv).rg,
                    top_luma, top_matrix);
#elif defined(TOP_YCOCG)
    return from_ycocg(texture(top_first, top_uv));
#elif defined(TOP_ALPHA)
    vec4 texel = texture(top_first, top_uv);
    return texel.rgb * texel.a; // over black
#else
    return texture(top_first, top_uv).rgb;
#endif
}
#endif

void main() {
#ifdef TOP
    vec3 light = to_light(bottom()) * weights.x + to_light(top()) * weights.y;
    colour = vec4(to_srgb(light), 1.0);
#elif defined(FADED)
    colour = vec4(to_srgb(to_light(bottom()) * weights.x), 1.0);
#else
    colour = vec4(bottom(), 1.0);
#endif
}
